/* Answers for sequences of joints, beside those for footage. */
#pragma once

#include "app/answer.h"
#include "engine/model/model.h"
#include "engine/infer/executor.h"

G_BEGIN_DECLS

typedef struct PraxiJoints PraxiJoints;

/* TRUE for what is read as joints: .npy */
gboolean praxi_joints_is_file (const char *path);

/* Errors: those of praxi_model_load; UNSUPPORTED (a model of footage) */
PraxiJoints *
praxi_joints_new (const char *model_path, const PraxiExecutorOptions *options, GError **error);
void praxi_joints_free (PraxiJoints *joints);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PraxiJoints, praxi_joints_free)

const PraxiModelSpec *praxi_joints_spec (const PraxiJoints *joints);

/* answer: begun with the spec's classes
 * Errors: those of praxi_sequence_read; UNSUPPORTED (other joints than the model's)
 */
gboolean
praxi_joints_answer (PraxiJoints *joints, const char *path, PraxiAnswer *answer, GError **error);

G_END_DECLS
