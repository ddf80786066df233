/*
 * model.h - what is known of ONNX models without reading one.
 *
 *     a "quoted"\n name     as a message shows it:  a \"quoted\"\n name
 */
#ifndef CNNC_IMPORT_MODEL_H
#define CNNC_IMPORT_MODEL_H

#include "import/onnx.h"

/* Adds a name as onnx_show has it, cut to limit characters. (model_show.c) */
void model_show(Text *out, const char *name, int limit);
/* Fills model->listing from the nodes of its graph, and their lines.
 * (model_listing.c) */
void model_list(Arena *arena, OnnxModel *model);

#endif
