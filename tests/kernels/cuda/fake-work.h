/* What another library puts on the fake driver's stream. */
#pragma once

struct FakeWork {
  double ms; /* that it takes on the clock of events */
  virtual void run () = 0;
  virtual ~FakeWork () = default;
};

/* Runs the work, or keeps it in the graph that is being captured; takes it over. */
extern "C" int fake_cuda_put (FakeWork *work);
extern "C" int fake_cuda_is_capturing (void);
