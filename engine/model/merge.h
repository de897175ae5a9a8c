/* Two graphs become one in which what both compute is there once. */
#pragma once

#include "engine/model/graph.h"

G_BEGIN_DECLS

/* Adds the nodes of a graph to another, but those that are there already: the same operator with
 * the same attributes over the same values and numbers. Two nodes of `from` never become one, so
 * that whatever was recognised in it still is. What is added keeps its order, stands behind all
 * there was, and is renamed where its name is taken. Inputs and outputs of `into` stay as they are.
 * from:    not fused
 * numbers: [values of from]: where a value is found in `into`; those given, ≥ 0, are taken as they
 *          are, and all of from's inputs have to be; −1 elsewhere. Filled for what nodes make.
 */
void praxi_graph_merge (PraxiGraph *into, const PraxiGraph *from, int *numbers);

/* A name that no value of the graph has: the stem, or the stem and a number. Free with g_free. */
char *praxi_graph_unused_name (const PraxiGraph *graph, const char *stem);

G_END_DECLS
