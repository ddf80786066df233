/*
 * lower.c - what operators build their nests with, and how a tensor's place
 * becomes a buffer's layout.
 */
#include "op/lower_local.h"

#include "graph/place.h"

/* ---- buffers -------------------------------------------------------------------- */

/* Logical dims and pieces of an [h][w][c] image. */
static void image_layout(Buffer *buffer, const Tensor *tensor)
{
    const Place *p = &tensor->place;
    Steps s = place_steps(&tensor->shape, p);
    Layout *l = &buffer->layout;
    for (int i = 0; i < 2; i++) {
        buffer->dim[i].before = p->halo[i];
        buffer->dim[i].after = p->halo[i + 2];
    }
    buffer->dim[2].after =
        place_channels(&tensor->shape, p) - tensor->shape.dim[2];
    *l = (Layout){ .offset = s.offset, .size = s.size };
    l->piece[l->count++] = (Piece){ 0, 1, p->ring, s.h };
    l->piece[l->count++] = (Piece){ 1, 1, 0, s.w };
    if (p->block > 1 && s.c == p->block) { /* a pixel: its blocks in a row */
        l->piece[l->count++] = (Piece){ 2, 1, 0, 1 };
        return;
    }
    if (p->block <= 1) {
        l->piece[l->count++] = (Piece){ 2, 1, 0, s.c };
        return;
    }
    l->piece[l->count++] = (Piece){ 2, p->block, 0, s.c };
    l->piece[l->count++] = (Piece){ 2, 1, p->block, 1 };
}

static BufferPlace buffer_place(const Tensor *tensor)
{
    const bool constant =
        tensor->kind == TENSOR_PARAMETER || tensor->kind == TENSOR_CONSTANT;
    if (constant && tensor->place.kind == PLACE_NONE)
        return BUFFER_CONST;
    switch (tensor->place.kind) {
    case PLACE_INPUT: return BUFFER_INPUT;
    case PLACE_OUTPUT: return BUFFER_OUTPUT;
    case PLACE_CONST: return BUFFER_CONST;
    case PLACE_NONE: /* fused: never in memory */
    case PLACE_ARENA: return BUFFER_ARENA;
    }
    BUG("no place %d", (int)tensor->place.kind);
}

/* The memory that holds the tensor, and the element of it where it begins. */
static const Tensor *outermost(const Tensor *tensor, int64_t *element)
{
    *element = 0;
    while (tensor->place.within != NULL) {
        *element += tensor->place.within_offset;
        tensor = tensor->place.within;
    }
    return tensor;
}

/* A constant's data in its own type. */
static const void *typed_data(Arena *arena, const Tensor *tensor)
{
    const int64_t count = shape_count(&tensor->shape);
    const int size = dtype_size(tensor->type);
    if (tensor->type == DT_F32 || tensor->data == NULL)
        return tensor->data;
    void *data = arena_array(arena, (size_t)count, (size_t)size);
    for (int64_t i = 0; i < count; i++)
        number_store(tensor->type, data, i, (double)tensor->data[i]);
    return data;
}

/* Whether a relu, or what only moves or picks of its elements, made it. */
static bool has_zeros(const Tensor *tensor)
{
    const Node *node = tensor->producer;
    while (node != NULL) {
        switch (node->op) {
        case OP_RELU:
        case OP_RELU6: return true;
        case OP_MAXPOOL:
        case OP_GLOBAL_MAXPOOL:
        case OP_RESHAPE:
        case OP_FLATTEN:
        case OP_TRANSPOSE:
        case OP_SLICE: node = node->input[0]->producer; break;
        default: return false;
        }
    }
    return false;
}

Buffer *lower_buffer(Lower *lower, const Tensor *tensor)
{
    Buffer **known = &lower->buffer[tensor->id];
    if (*known != NULL)
        return *known;
    const char *name = name_to_c(lower->program->arena, tensor->name);
    Buffer *b =
        program_buffer(lower->program, name, tensor->type, buffer_place(tensor),
                       tensor->shape.rank, tensor->shape.dim);
    b->data = typed_data(lower->program->arena, tensor);
    b->what = tensor->name;
    b->zeros = has_zeros(tensor);
    if (b->place != BUFFER_CONST && tensor->shape.rank == 3)
        image_layout(b, tensor);
    int64_t element;
    const Tensor *owner = outermost(tensor, &element);
    if (owner->place.kind == PLACE_ARENA)
        b->offset = owner->place.offset + element * dtype_size(tensor->type);
    else if (owner != tensor) { /* the caller's array in another shape */
        b->array = lower_buffer(lower, owner);
        b->offset = element * dtype_size(tensor->type);
    }
    *known = b;
    return b;
}

/* ---- kernels ---------------------------------------------------------------------- */

Kernel *lower_begin(Lower *lower, const Node *node)
{
    Kernel *k = kernel_new(lower->program->arena,
                           name_to_c(lower->program->arena, node->path));
    k->macs = op_info[node->op].macs(node);
    lower->kernel = k;
    return k;
}

void lower_end(Lower *lower)
{
    while (lower->kernel->depth > 0)
        kernel_end(lower->kernel);
}

Buffer *lower_input(Lower *lower, const Node *node, int index)
{
    REQUIRE(index < node->input_count);
    return kernel_param(lower->kernel, lower_buffer(lower, node->input[index]));
}

Buffer *lower_output(Lower *lower, const Node *node, int index)
{
    REQUIRE(index < node->output_count);
    return kernel_param(lower->kernel,
                        lower_buffer(lower, node->output[index]));
}

Buffer *lower_constant(Lower *lower, const Tensor *like, int rank,
                       const int64_t *extent, const float *data)
{
    Program *program = lower->program;
    Buffer *b = program_buffer(program, name_to_c(program->arena, like->name),
                               DT_F32, BUFFER_CONST, rank, extent);
    b->data = data;
    b->what = like->name;
    return kernel_param(lower->kernel, b);
}

void lower_loops(Kernel *kernel, const Shape *shape, const char *const *names,
                 const Affine **out)
{
    static const char *const plain[] = { "i0", "i1", "i2", "i3",
                                         "i4", "i5", "i6", "i7" };
    for (int d = 0; d < shape->rank; d++)
        out[d] =
            affine_var(kernel, kernel_for(kernel, names ? names[d] : plain[d],
                                          0, shape->dim[d]));
}

/* k >= ceil((pad - o*stride) / dilation), k < ceil((extent + pad - o*stride) /
 * dilation): o*stride + k*dilation - pad inside of 0..extent. */
const Affine *lower_window(Kernel *kernel, const char *name, const Affine *o,
                           int64_t outputs, int64_t window, int64_t stride,
                           int64_t dilation, int64_t pad, int64_t extent,
                           const Affine **tap)
{
    const Affine *start =
        affine_shift(kernel, affine_scale(kernel, o, stride), -pad);
    const Affine *zero = affine_const(kernel, 0);
    int64_t last = (outputs - 1) * stride - pad + (window - 1) * dilation;
    Limit lo = limit_of(zero), hi = limit_of(affine_const(kernel, window));
    if (pad > 0)
        limit_add(&lo, affine_sub(kernel, zero, start), dilation);
    if (last >= extent)
        limit_add(&hi, affine_sub(kernel, affine_const(kernel, extent), start),
                  dilation);
    *tap = affine_var(kernel, kernel_for_within(kernel, name, lo, hi));
    return affine_add(kernel, start, affine_scale(kernel, *tap, dilation));
}

Access lower_scalar(Kernel *kernel, const char *name, DType type)
{
    return access_at(kernel_local(kernel, name, type, BUFFER_REG, 0, NULL),
                     (const Affine *const[]){ NULL });
}
