/*
 * test_layout.c - addresses, packing, and accesses made flat.
 */
#include "../unit.h"
#include "local.h"

static Arena *arena;
static Program *program;

static Buffer *buffer_of(const char *declaration)
{
    arena = arena_new();
    program = kernel_of(arena, arena_printf(arena, "x: %s\n", declaration), "");
    return program->buffers.at[0];
}

static void done(void)
{
    program_free(program);
    arena_free(arena);
}

#define ADDRESS(buffer, ...)                                                   \
    layout_address((buffer), (const int64_t[]){ __VA_ARGS__ })

static void test_plain_is_row_major(void)
{
    Buffer *x = buffer_of("arena f32[3][4][5] at 0");
    CU_ASSERT_EQUAL(x->layout.size, 60);
    CU_ASSERT_EQUAL(ADDRESS(x, 0, 0, 0), 0);
    CU_ASSERT_EQUAL(ADDRESS(x, 2, 1, 3), 48);
    CU_ASSERT_EQUAL(ADDRESS(x, 2, 3, 4), 59);
    done();
}

static void test_a_halo_lies_around(void)
{
    Buffer *x = buffer_of("arena f32[1|3|1][2|4|0] at 0");
    CU_ASSERT_EQUAL(x->layout.size, 5 * 6);
    CU_ASSERT_EQUAL(ADDRESS(x, -1, -2), 0);
    CU_ASSERT_EQUAL(ADDRESS(x, 0, 0), 8);
    CU_ASSERT_EQUAL(ADDRESS(x, 3, 3), 29);
    done();
}

static void test_a_scalar_has_one_element(void)
{
    Buffer *x = buffer_of("arena f32 at 0");
    CU_ASSERT_EQUAL(x->layout.size, 1);
    CU_ASSERT_EQUAL(layout_address(x, NULL), 0);
    done();
}

static void test_blocked_channels(void)
{
    Buffer *x = buffer_of("arena f32[20][3] "
                          "layout(d0/8*24 + d1*8 + d0%8*1 + 0, 72) at 0");
    layout_verify(x);
    CU_ASSERT_EQUAL(ADDRESS(x, 0, 0), 0);
    CU_ASSERT_EQUAL(ADDRESS(x, 7, 2), 23);
    CU_ASSERT_EQUAL(ADDRESS(x, 19, 1), 48 + 8 + 3);
    done();
}

typedef struct Position {
    const char *declaration;
    int64_t index[2];
} Position;

static void address_of(void *argument)
{
    const Position *p = argument;
    layout_address(buffer_of(p->declaration), p->index);
}

static void test_a_position_outside_is_refused(void)
{
    Position p = { "arena f32[3][4] at 0", { 3, 0 } };
    CU_ASSERT(ends_with_bug(address_of, &p, "does not hold"));
    p.index[0] = 0, p.index[1] = -1;
    CU_ASSERT(ends_with_bug(address_of, &p, "does not hold"));
}

/* ---- verification ----------------------------------------------------------------- */

static void verify_layout(void *argument)
{
    layout_verify(argument);
}

static void check_fault(Layout layout, int64_t before, const char *words)
{
    Buffer buffer = { .name = "x",
                      .rank = 2,
                      .dim = { { 6, before, 0 }, { 4, 0, 0 } },
                      .layout = layout };
    CU_ASSERT(ends_with_bug(verify_layout, &buffer, words));
}

static void test_bad_layouts_are_found(void)
{
    check_fault((Layout){ 2, { { 0, 1, 0, 4 }, { 1, 1, 0, 1 } }, 0, 23 }, 0,
                "leave its memory");
    check_fault((Layout){ 2, { { 0, 1, 0, 4 }, { 1, 1, 0, 1 } }, -1, 24 }, 0,
                "leave its memory");
    check_fault((Layout){ 2, { { 0, 1, 0, 4 }, { 1, 1, 0, 1 } }, 0, 24 }, 1,
                "leave its memory");
    check_fault((Layout){ 2, { { 0, 1, 0, 3 }, { 1, 1, 0, 1 } }, 0, 24 }, 0,
                "may fall together");
    check_fault((Layout){ 2, { { 0, 2, 0, 4 }, { 1, 1, 0, 1 } }, 0, 24 }, 0,
                "fall together");
    check_fault((Layout){ 1, { { 0, 1, 0, 1 } }, 0, 24 }, 0, "fall together");
    check_fault((Layout){ 2, { { 0, 1, 0, 4 }, { 2, 1, 0, 1 } }, 0, 24 }, 0,
                "malformed");
    check_fault((Layout){ 2, { { 0, 0, 0, 4 }, { 1, 1, 0, 1 } }, 0, 24 }, 0,
                "malformed");
    check_fault((Layout){ 2, { { 0, 1, 3, 4 }, { 1, 1, 0, 1 } }, 4, 99 }, 1,
                "halo");
}

static void test_rings_and_gaps_are_good_layouts(void)
{
    Buffer *x = buffer_of("arena f32[6][4] "
                          "layout(d0%3*8 + d1*2 + 1, 25) at 0");
    layout_verify(x);
    CU_ASSERT_EQUAL(ADDRESS(x, 4, 3), 1 + 8 + 6);
    done();
}

/* All layouts that verify are injective: counted position by position. */
static void test_what_verifies_is_injective(void)
{
    Random random;
    int good = 0;
    random_seed(&random, 5);
    for (int i = 0; i < 20000; i++) {
        Buffer b = { .name = "x", .rank = 2 };
        int64_t index[KERNEL_RANK] = { 0 }, block;
        char taken[200] = { 0 };
        b.dim[0].extent = random_range(&random, 1, 6);
        b.dim[1].extent = random_range(&random, 1, 6);
        block = random_range(&random, 1, 4);
        b.layout.size = 200;
        b.layout.count = 3;
        b.layout.piece[0] =
            (Piece){ 0, block, 0, random_range(&random, 0, 20) };
        b.layout.piece[1] = (Piece){ 1, 1, 0, random_range(&random, 0, 20) };
        b.layout.piece[2] = (Piece){ 0, 1, block, random_range(&random, 0, 4) };
        if (layout_fault(&b))
            continue;
        good++;
        do {
            int64_t at = layout_address(&b, index);
            CU_ASSERT_FATAL(!taken[at]);
            taken[at] = 1;
        } while (position_next(&b, index));
    }
    CU_ASSERT(good > 1000);
}

static bool counts_in_order(const Buffer *buffer)
{
    int64_t index[KERNEL_RANK] = { 0 }, element = 0;
    do
        if (layout_address(buffer, index) != element++)
            return false;
    while (position_next(buffer, index));
    return true;
}

/* Seen from the pieces, and counted position by position. */
static void test_layouts_in_order_are_known(void)
{
    Random random;
    int ordered = 0;
    random_seed(&random, 6);
    for (int i = 0; i < 50000; i++) {
        Buffer b = { .name = "x", .rank = 2 };
        int64_t block = random_range(&random, 1, 4);
        b.dim[0].extent = random_range(&random, 1, 6);
        b.dim[1].extent = random_range(&random, 1, 4);
        int64_t row = random_range(&random, 1, b.dim[1].extent);
        b.layout = (Layout){ 3,
                             { { 0, block, 0, random_range(&random, 1, 16) },
                               { 1, 1, 0, random_range(&random, 1, 2) },
                               { 0, 1, block, row } },
                             random_range(&random, 0, 3) / 3,
                             200 };
        if (layout_fault(&b))
            continue;
        CU_ASSERT_EQUAL_FATAL(layout_in_order(&b), counts_in_order(&b));
        ordered += layout_in_order(&b);
    }
    CU_ASSERT(ordered > 500);
    Buffer halo = { .rank = 1, .dim = { { 4, 0, 1 } } };
    halo.layout = layout_plain(1, halo.dim);
    CU_ASSERT(!layout_in_order(&halo));
    Buffer huge = { .rank = 2,
                    .dim = { { 1 << 20, 0, 0 }, { 1 << 20, 0, 0 } } };
    huge.layout = layout_plain(2, huge.dim);
    CU_ASSERT(layout_in_order(&huge));
}

static void test_packing_leaves_gaps_zero(void)
{
    static const float data[6] = { 1, 2, 3, 4, 5, 6 };
    static const float expected[9] = { 0, 1, 4, 0, 2, 5, 0, 3, 6 };
    Buffer *x = buffer_of("const f32[2][3] layout(d1*3 + d0*1 + 1, 9)");
    x->data = data;
    CU_ASSERT(memcmp(buffer_pack(arena, x), expected, sizeof expected) == 0);
    done();
}

static void test_packing_puts_every_element_at_its_address(void)
{
    static const char *const declarations[] = {
        "const u8[2][20][3] layout(d1/8*48 + d0*24 + d2*8 + d1%8*1 + 2, 150)",
        "const i32[5][7] layout(d0*1 + d1*6 + 0, 42)",
        "const f32[9] layout(d0*2 + 1, 20)",
    };
    static unsigned char data[140];

    for (int i = 0; i < 140; i++)
        data[i] = (unsigned char)(i + 1);
    for (size_t i = 0; i < COUNT_OF(declarations); i++) {
        Buffer *x = buffer_of(declarations[i]);
        const size_t size = (size_t)dtype_size(x->type);
        int64_t index[KERNEL_RANK] = { 0 };
        const unsigned char *from = x->data = data;
        const unsigned char *packed = buffer_pack(arena, x);
        do {
            size_t at = (size_t)layout_address(x, index);
            CU_ASSERT(memcmp(packed + at * size, from, size) == 0);
            from += size;
        } while (position_next(x, index));
        done();
    }
}

/* ---- flat accesses ------------------------------------------------------------------ */

/* The first access of the innermost loop's statement, made flat. */
static bool flatten_first(const char *declaration, const char *body, Text *text)
{
    const Stmt *loops[8], *stmt;
    Access flat;
    int count = 0;
    bool done_;

    arena = arena_new();
    program =
        kernel_of(arena, arena_printf(arena, "x: %s\n", declaration), body);
    stmt = program->kernels.at[0]->body;
    for (; stmt->kind == STMT_LOOP; stmt = stmt->loop.body)
        loops[count++] = stmt;
    done_ = access_flatten(program->kernels.at[0], &stmt->store.place, loops,
                           count, &flat);
    if (done_)
        access_print(text, &flat);
    done();
    return done_;
}

static void check_flat(const char *declaration, const char *body,
                       const char *expected)
{
    Text text = { 0 };
    CU_ASSERT_EQUAL(flatten_first(declaration, body, &text), expected != NULL);
    CU_ASSERT_STRING_EQUAL(text_get(&text), expected ? expected : "");
    text_free(&text);
}

static const char blocked[] = "arena f32[64][3] "
                              "layout(d0/16*48 + d1*16 + d0%16*1 + 0, 192) "
                              "at 0";

static void test_plain_accesses_become_flat(void)
{
    check_flat("arena f32[1|8|1][4] at 0",
               "for i in 0..8\n    for j in 0..4\n"
               "        x[i - 1][j] = 0.0\n",
               "x@(4*i + j)");
}

static void test_blocks_are_resolved_when_the_loop_is_split(void)
{
    check_flat(blocked,
               "for c.o in 0..4\n    for c.i in 0..16\n"
               "        x[16*c.o + c.i][2] = 0.0\n",
               "x@(48*c.o + c.i + 32)");
    check_flat(blocked,
               "for c.o in 0..2\n    for c.i in 0..4\n"
               "        x[32*c.o + 4*c.i + 19][0] = 0.0\n",
               "x@(96*c.o + 4*c.i + 51)"); /* 19 + 12 is in the block */
    check_flat(blocked,
               "for c.o in 0..2\n    for c.i in 0..4\n"
               "        x[32*c.o + 4*c.i + 20][0] = 0.0\n",
               NULL); /* 20 + 12 is not */
}

static void test_blocks_are_resolved_by_intervals(void)
{
    check_flat(blocked, "for i in 4..9\n    x[i + 23][1] = 0.0\n",
               "x@(i + 71)");
    check_flat(blocked, "for i in 4..10\n    x[i + 23][1] = 0.0\n", NULL);
    check_flat(blocked, "x[35][1] = 0.0\n", "x@(115)");
}

static void test_blocks_of_an_unsplit_loop_are_not_resolved(void)
{
    check_flat(blocked, "for c in 0..64\n    x[c][0] = 0.0\n", NULL);
}

static void test_a_ring_keeps_its_modulus(void)
{
    static const char ring[] = "arena f32[9][4] "
                               "layout(d0%3*4 + d1*1 + 0, 12) at 0";
    check_flat(ring, "for i in 0..8\n    x[i + 1][2] = 0.0\n",
               "x@(2; i + 1 % 3 * 4)");
    check_flat(ring,
               "for i in 0..3\n    for j in 0..3\n"
               "        x[3*i + j][0] = 0.0\n",
               "x@(4*j)");
    check_flat(ring, "x[7][1] = 0.0\n", "x@(5)");
}

static const UnitTest tests[] = {
    UNIT(test_plain_is_row_major),
    UNIT(test_a_halo_lies_around),
    UNIT(test_a_scalar_has_one_element),
    UNIT(test_blocked_channels),
    UNIT(test_a_position_outside_is_refused),
    UNIT(test_bad_layouts_are_found),
    UNIT(test_rings_and_gaps_are_good_layouts),
    UNIT(test_what_verifies_is_injective),
    UNIT(test_layouts_in_order_are_known),
    UNIT(test_packing_leaves_gaps_zero),
    UNIT(test_packing_puts_every_element_at_its_address),
    UNIT(test_plain_accesses_become_flat),
    UNIT(test_blocks_are_resolved_when_the_loop_is_split),
    UNIT(test_blocks_are_resolved_by_intervals),
    UNIT(test_blocks_of_an_unsplit_loop_are_not_resolved),
    UNIT(test_a_ring_keeps_its_modulus),
};

UNIT_MAIN("layout", tests)
