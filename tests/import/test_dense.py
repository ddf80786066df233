"""Gemm and MatMul, by constants and without; numpy is what is right."""
from models import expect, finish, node, np, numbers, refuse


def gemm_by_a_constant():
    w = numbers(5, 7)
    for m in (1, 4):
        x = numbers(m, 5)
        for ta in (0, 1):
            for tb in (0, 1):
                expect([node("Gemm", "x w", "y", transA=ta, transB=tb,
                             alpha=0.5)],
                       {"x": x.T.copy() if ta else x}, {"y": 0.5 * (x @ w)},
                       init={"w": w.T.copy() if tb else w},
                       what="Gemm transA=%d transB=%d of %d" % (ta, tb, m))


def gemm_with_a_summand():
    x, w = numbers(3, 5), numbers(5, 7)
    for shape in ((7,), (1, 7), (1,), (), (3, 1), (3, 7), (1, 1)):
        c = numbers(*shape)
        for init in ({"w": w, "c": c}, {"w": w}):
            inputs = {"x": x} if "c" in init else {"x": x, "c": c}
            expect([node("Gemm", "x w c", "y", alpha=2.0, beta=-1.5)], inputs,
                   {"y": 2 * (x @ w) - 1.5 * c}, init=init,
                   what="Gemm with %s, %s" % (shape, sorted(init)))
    expect([node("Gemm", "x w c", "y", beta=0.0)], {"x": x}, {"y": x @ w},
           init={"w": w, "c": numbers(7)}, what="Gemm beta=0")
    expect([node("Gemm", "x w c", "y", broadcast=1)], {"x": x},
           {"y": x @ w + numbers(7)}, init={"w": w, "c": numbers(7)}, opset=6)
    refuse([node("Gemm", "x w c", "y")], {"x": x}, ["y"], "Gemm",
           init={"w": w, "c": numbers(2, 3, 7)})


def gemm_of_a_constant_on_the_left():
    x, w = numbers(5, 4), numbers(3, 5)
    for ta in (0, 1):
        for tb in (0, 1):
            expect([node("Gemm", "w x c", "y", transA=ta, transB=tb)],
                   {"x": x.T.copy() if tb else x}, {"y": w @ x + numbers(4)},
                   init={"w": w.T.copy() if ta else w, "c": numbers(4)},
                   what="Gemm of a constant, transA=%d transB=%d" % (ta, tb))


def gemm_at_run_time():
    a, b = numbers(3, 5), numbers(5, 4)
    for ta in (0, 1):
        for tb in (0, 1):
            expect([node("Gemm", "a b c", "y", transA=ta, transB=tb, alpha=3.0)],
                   {"a": a.T.copy() if ta else a, "b": b.T.copy() if tb else b,
                    "c": numbers(4)}, {"y": 3 * (a @ b) + numbers(4)},
                   what="Gemm at run time, transA=%d transB=%d" % (ta, tb))


def matmul_by_a_constant():
    w = numbers(5, 7)
    for shape in ((5,), (1, 5), (3, 5), (2, 3, 5), (2, 1, 3, 5)):
        x = numbers(*shape)
        expect([node("MatMul", "x w", "y")], {"x": x}, {"y": x @ w},
               init={"w": w}, what="MatMul of %s" % (shape,))
        expect([node("MatMul", "x w", "y")], {"x": x}, {"y": x @ w[:, 0]},
               init={"w": w[:, 0].copy()}, what="MatMul of %s and [5]" % (shape,))
    refuse([node("MatMul", "x w", "y")], {"x": numbers(3, 4)}, ["y"], "'MatMul'",
           "[3, 4]", "5 rows", init={"w": w})


def matmul_at_run_time():
    for a, b in (((3, 5), (5, 4)), ((2, 3, 5), (2, 5, 4)), ((2, 3, 5), (5, 4)),
                 ((5,), (5, 4)), ((3, 5), (5,))):
        a, b = numbers(*a), numbers(*b)
        expect([node("MatMul", "a b", "y")], {"a": a, "b": b}, {"y": a @ b},
               what="MatMul of %s and %s" % (a.shape, b.shape))


for test in list(globals().values()):
    if callable(test) and getattr(test, "__module__", "") == "__main__":
        test()
finish()
