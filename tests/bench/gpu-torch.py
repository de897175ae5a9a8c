#!/usr/bin/env python3
"""PyTorch in FP16, channels-last and compiled, on the nets that torchvision has; prints rows of a Markdown table."""
import statistics
import time

import torch

NETS = (('r2plus1d_18', (3, 16, 112, 112)), ('r3d_18', (3, 16, 112, 112)), ('mc3_18', (3, 16, 112, 112)))


def median_ms(net, clips):
    with torch.inference_mode():
        for _ in range(10):
            net(clips)
        torch.cuda.synchronize()
        times = []
        for _ in range(50):
            begin = time.perf_counter()
            net(clips)
            torch.cuda.synchronize()
            times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def main():
    if not torch.cuda.is_available():
        print('PyTorch finds no GPU.')
        return
    try:
        from torchvision.models import video
    except ImportError:
        print(f'PyTorch {torch.__version__} is there, torchvision with its video nets is not.')
        return
    print(f'PyTorch {torch.__version__}, FP16, channels-last, compiled:\n')
    print('| model | batch | ms | clips/s |\n|---|---|---|---|')
    for name, shape in NETS:
        net = getattr(video, name)(weights=None).eval().half().cuda().to(memory_format=torch.channels_last_3d)
        net = torch.compile(net, mode='max-autotune')
        for batch in (1, 8, 32):
            clips = torch.rand(batch, *shape, device='cuda', dtype=torch.half).to(memory_format=torch.channels_last_3d)
            ms = median_ms(net, clips)
            print(f'| {name} | {batch} | {ms:.3f} | {batch * 1e3 / ms:.1f} |', flush=True)


if __name__ == '__main__':
    main()
