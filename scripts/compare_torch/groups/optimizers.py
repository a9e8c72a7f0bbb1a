"""Optimizers over several steps with the same gradients, schedules, and the tools for gradients."""
import math

import torch

from ..generate import op
from ..translate import Number, lua

OPTIONS = {
    "SGD": lambda g: {"momentum": g.maybe(0.9), "weight_decay": g.maybe(0.01), "nesterov": None, "dampening": g.maybe(0.2, 0.3)},
    "Momentum": lambda g: {"momentum": g.maybe(0.8), "weight_decay": g.maybe(0.01)},
    "Nesterov": lambda g: {"momentum": g.maybe(0.8), "weight_decay": g.maybe(0.01)},
    "Adagrad": lambda g: {"lr_decay": g.maybe(0.1), "weight_decay": g.maybe(0.01), "initial_accumulator_value": g.maybe(0.1), "eps": g.maybe(1e-6)},
    "RMSprop": lambda g: {"alpha": g.maybe(0.9), "momentum": g.maybe(0.9), "centered": g.maybe(True), "weight_decay": g.maybe(0.01), "eps": g.maybe(1e-6)},
    "Adadelta": lambda g: {"rho": g.maybe(0.8), "eps": g.maybe(1e-5), "weight_decay": g.maybe(0.01)},
    "Adam": lambda g: {"betas": g.maybe((0.8, 0.99)), "eps": g.maybe(1e-6), "weight_decay": g.maybe(0.01), "amsgrad": g.maybe(True, 0.3)},
    "AdamW": lambda g: {"betas": g.maybe((0.8, 0.99)), "eps": g.maybe(1e-6), "weight_decay": g.maybe(0.1), "amsgrad": g.maybe(True, 0.3)},
    "NAdam": lambda g: {"betas": g.maybe((0.8, 0.99)), "weight_decay": g.maybe(0.01), "momentum_decay": g.maybe(0.01)},
    "RAdam": lambda g: {"betas": g.maybe((0.8, 0.99)), "weight_decay": g.maybe(0.01)},
}


def torch_optimizer(name, parameters, lr, options):
    if name in ("Momentum", "Nesterov"):
        return torch.optim.SGD(parameters, lr=lr, **{"momentum": 0.9, **options}, nesterov=name == "Nesterov")
    return getattr(torch.optim, name)(parameters, lr=lr, **options)


@op("optim", *OPTIONS)
def steps(g, name):
    dtype, lr, count = g.float(), round(float(g.rng.uniform(0.001, 0.2)), 3), g.int(1, 8)
    options = {k: v for k, v in OPTIONS[name](g).items() if v is not None}
    parameters = [g.values(g.shape(1, 3, empty=0), dtype, grad=False, layout=False) for _ in range(g.int(1, 3))]
    gradients = [[g.values(list(p.shape), dtype, grad=False, layout=False) for p in parameters] for _ in range(count)]
    names = ", ".join(p.lua_name for p in parameters)
    text = [f"local ps = {{{names}}}", "for _, p in ipairs(ps) do p:requires_grad_() end", f"local opt = optim.{name}(ps, {lua({'lr': lr, **options})})"]
    for row in gradients:
        text.append(f"for i, g in ipairs{{{', '.join(x.lua_name for x in row)}}} do ps[i].grad = g end")
        text.append("opt:step()")
    text.append("return ps")

    def function(t):
        ps = [t[p.lua_name].clone().requires_grad_() for p in parameters]
        # NAdam keeps the product of its momenta in the default type, whatever the parameters' is
        torch.set_default_dtype(ps[0].dtype)
        try:
            optimizer = torch_optimizer(name, ps, lr, options)
            for row in gradients:
                for p, x in zip(ps, row):
                    p.grad = t[x.lua_name].clone()
                optimizer.step()
        finally:
            torch.set_default_dtype(torch.float32)
        return [p.detach() for p in ps]
    return g.case(name, "\n".join(text), function, [f"optim.{name}"], mode=None)


@op("optim", "groups")
def groups(g, name):
    dtype, lr = g.float(), 0.05
    # far enough from 0, where all steps lead: what is left there are differences of them
    a, b = (g.values(shape, dtype, (2.0, 3.0), grad=False, layout=False) for shape in ([3], [2, 2]))
    kind = g.choice(["SGD", "Adam", "RMSprop", "AdamW"])
    text = (f"x1:requires_grad_(); x2:requires_grad_()\nlocal opt = optim.{kind}({{{{params = {{x1}}, lr = 0.2}}, {{params = {{x2}}}}}}, {{lr = {lr}}})\n"
            "for i = 1, 4 do opt:zero_grad(); ((x1 * x1):sum() + (x2 * x2 * x2):sum()):backward(); opt:step() end\nreturn x1, x2")

    def function(t):
        x, y = t["x1"].clone().requires_grad_(), t["x2"].clone().requires_grad_()
        optimizer = getattr(torch.optim, kind)([{"params": [x], "lr": 0.2}, {"params": [y]}], lr=lr)
        for _ in range(4):
            optimizer.zero_grad()
            ((x * x).sum() + (y ** 3).sum()).backward()
            optimizer.step()
        return x.detach(), y.detach()
    return g.case(name, text, function, [f"optim.{kind}"], mode=None)


@op("optim", "LBFGS")
def lbfgs(g, name):
    # a bowl with an even curvature, so that both stop at the same place on the same way
    n = g.int(1, 4)
    g.values([n], "float64", grad=False, layout=False)
    g.values([n], "float64", (0.5, 2.0), grad=False, layout=False)
    options = {"lr": g.choice([0.5, 0.8, 1]), "max_iter": g.int(1, 6), "history_size": g.maybe(g.int(2, 5)), "line_search_fn": g.maybe("strong_wolfe")}
    options = {k: v for k, v in options.items() if v is not None}
    text = (f"local x = x1:requires_grad_()\nlocal opt = optim.LBFGS({{x}}, {lua(options)})\nlocal loss\nfor i = 1, 2 do\n"
            "loss = opt:step(function() opt:zero_grad(); local l = ((x * x) * x2):sum() + (x - 1):exp():sum(); l:backward(); return l end)\nend\nreturn x")

    def function(t):
        x = t["x1"].clone().requires_grad_()
        optimizer = torch.optim.LBFGS([x], **options)

        def closure():
            optimizer.zero_grad()
            loss = ((x * x) * t["x2"]).sum() + (x - 1).exp().sum()
            loss.backward()
            return loss
        for _ in range(2):
            optimizer.step(closure)
        return x.detach()
    return g.case(name, text, function, ["optim.LBFGS"], mode=None)


SCHEDULES = {
    "StepLR": lambda g: ([], {"step_size": g.int(1, 4), "gamma": g.maybe(0.5)}),
    "MultiStepLR": lambda g: ([], {"milestones": sorted({g.int(1, 9) for _ in range(3)}), "gamma": g.maybe(0.5)}),
    "ExponentialLR": lambda g: ([], {"gamma": g.choice([0.9, 0.5])}),
    "CosineAnnealingLR": lambda g: ([], {"T_max": g.int(3, 12), "eta_min": g.maybe(0.01)}),
    "LinearLR": lambda g: ([], {"start_factor": g.maybe(0.2), "end_factor": g.maybe(0.9), "total_iters": g.maybe(g.int(1, 8))}),
    "LinearWarmup": lambda g: ([], {"warmup_steps": g.int(1, 8), "start_factor": g.maybe(0.2)}),
    "OneCycleLR": lambda g: ([], {"max_lr": 0.5, "total_steps": 12, "pct_start": g.maybe(0.4), "anneal_strategy": g.maybe("linear"), "div_factor": g.maybe(10.0), "three_phase": g.maybe(True)}),
}


@op("schedule", *SCHEDULES)
def schedule(g, name):
    lr = g.choice([0.1, 0.02, 1.0])
    arguments, options = SCHEDULES[name](g)
    options = {k: v for k, v in options.items() if v is not None}
    count = g.int(1, 11)
    g.values([2], "float64", grad=False, layout=False)
    kind = g.choice(["SGD", "Adam"])
    text = (f"local opt = optim.{kind}({{x1:requires_grad_()}}, {{lr = {lr}}})\nlocal s = optim.schedule.{name}(opt, {lua(options)})\nlocal rates = {{opt.lr}}\n"
            f"for i = 1, {count} do x1.grad = T.ones_like(x1); opt:step(); s:step(); rates[i + 1] = opt.lr end\nreturn T.tensor(rates, {{dtype = \"float64\"}})")

    def function(t):
        x = t["x1"].clone().requires_grad_()
        optimizer = getattr(torch.optim, kind)([x], lr=lr)
        if name == "LinearWarmup":
            # LinearLR under the name that says what for
            s = torch.optim.lr_scheduler.LinearLR(optimizer, options.get("start_factor", 1 / 3), total_iters=options["warmup_steps"])
        else:
            s = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
        rates = [optimizer.param_groups[0]["lr"]]
        for _ in range(count):
            x.grad = torch.ones_like(x)
            optimizer.step()
            s.step()
            rates.append(optimizer.param_groups[0]["lr"])
        return torch.tensor(rates, dtype=torch.float64)
    return g.case(name, text, function, [f"optim.schedule.{name}"], mode=None)


@op("schedule", "ReduceLROnPlateau")
def plateau(g, name):
    g.values([2], "float64", grad=False, layout=False)
    losses = [g.number(0.1, 3) for _ in range(g.int(3, 15))]
    options = {"mode": g.maybe("max"), "factor": g.maybe(0.3), "patience": g.int(0, 3), "threshold": g.maybe(0.1), "cooldown": g.maybe(g.int(1, 2)), "min_lr": g.maybe(0.001), "threshold_mode": g.maybe("abs")}
    options = {k: v for k, v in options.items() if v is not None}
    text = (f"local opt = optim.SGD({{x1:requires_grad_()}}, {{lr = 0.1}})\nlocal s = optim.schedule.ReduceLROnPlateau(opt, {lua(options)})\nlocal rates = {{}}\n"
            f"for i, l in ipairs{lua(losses)} do s:step(l); rates[i] = opt.lr end\nreturn T.tensor(rates, {{dtype = \"float64\"}})")

    def function(t):
        optimizer = torch.optim.SGD([t["x1"].clone().requires_grad_()], lr=0.1)
        s = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        rates = []
        for loss in losses:
            s.step(loss)
            rates.append(optimizer.param_groups[0]["lr"])
        return torch.tensor(rates, dtype=torch.float64)
    return g.case(name, text, function, ["optim.schedule.ReduceLROnPlateau"], mode=None)


@op("schedule", "LambdaLR", "SequentialLR")
def composed(g, name):
    count, power, first = g.int(1, 11), g.choice([1, 0.5, 2]), g.int(1, 6)
    g.values([2], "float64", grad=False, layout=False)
    ours = {
        "LambdaLR": f"optim.schedule.LambdaLR(opt, function(step) return 1 / (1 + step) ^ {power} end)",
        "SequentialLR": f"optim.schedule.SequentialLR(opt, {{schedulers = {{optim.schedule.LinearLR(opt, {{total_iters = 4}}), optim.schedule.ExponentialLR(opt, {{gamma = 0.9}})}}, milestones = {{{first}}}}})",
    }[name]
    text = (f"local opt = optim.SGD({{x1:requires_grad_()}}, {{lr = 0.5}})\nlocal s = {ours}\nlocal rates = {{opt.lr}}\n"
            f"for i = 1, {count} do x1.grad = T.ones_like(x1); opt:step(); s:step(); rates[i + 1] = opt.lr end\nreturn T.tensor(rates, {{dtype = \"float64\"}})")

    def function(t):
        x = t["x1"].clone().requires_grad_()
        optimizer = torch.optim.SGD([x], lr=0.5)
        home = torch.optim.lr_scheduler
        if name == "LambdaLR":
            s = home.LambdaLR(optimizer, lambda step: 1 / (1 + step) ** power)
        else:
            s = home.SequentialLR(optimizer, [home.LinearLR(optimizer, total_iters=4), home.ExponentialLR(optimizer, 0.9)], [first])
        rates = [optimizer.param_groups[0]["lr"]]
        for _ in range(count):
            x.grad = torch.ones_like(x)
            optimizer.step()
            s.step()
            rates.append(optimizer.param_groups[0]["lr"])
        return torch.tensor(rates, dtype=torch.float64)
    return g.case(name, text, function, [f"optim.schedule.{name}"], mode=None)


def with_gradients(g):
    dtype = g.float()
    shapes = [g.shape(1, 3, empty=0) for _ in range(g.int(1, 3))]
    ps = [g.values(s, dtype, grad=False, layout=False) for s in shapes]
    gs = [g.values(s, dtype, grad=False, layout=False) for s in shapes]
    text = (f"local ps, gs = {{{', '.join(p.lua_name for p in ps)}}}, {{{', '.join(x.lua_name for x in gs)}}}\n"
            "for i, p in ipairs(ps) do p:requires_grad_(); p.grad = gs[i] end\n")

    def made(t):
        found = [t[p.lua_name].clone().requires_grad_() for p in ps]
        for p, x in zip(found, gs):
            p.grad = t[x.lua_name].clone()
        return found
    return text, made


@op("utils", "clip_grad_norm_", "clip_grad_value_")
def clip(g, name):
    text, made = with_gradients(g)
    limit, norm = g.number(0.05, 3), g.maybe(g.choice([1, 2, 3, math.inf])) if name == "clip_grad_norm_" else None
    text += f"local n = nn.utils.{name}(ps, {limit}{f', {{norm_type = {lua(norm)}}}' if norm else ''})\nlocal out = {{}}\nfor i, p in ipairs(ps) do out[i] = p.grad end\nreturn out{', n' if name == 'clip_grad_norm_' else ''}"

    def function(t):
        ps = made(t)
        n = getattr(torch.nn.utils, name)(ps, limit, *([norm] if norm else []))
        return [p.grad for p in ps] + ([Number(n)] if n is not None else [])
    return g.case(name, text, function, [f"nn.utils.{name}"], mode=None)


@op("utils", "get_total_norm")
def total_norm(g, name):
    inputs = [g.values(g.shape(1, 3, empty=0), "float64", grad=False) for _ in range(g.int(1, 3))]
    norm = g.maybe(g.choice([1, 2, 3, math.inf]))
    return g.case(name, f"return nn.utils.get_total_norm({lua(inputs)}{f', {lua(norm)}' if norm else ''})",
                  lambda t: Number(torch.nn.utils.get_total_norm([t[i.lua_name] for i in inputs], *([norm] if norm else []))), [], mode=None)


@op("utils", "nn.init")
def init(g, name):
    name, value = g.choice(["zeros_", "ones_", "eye_", "constant_"]), g.number()
    x = g.values([g.int(1, 5), g.int(1, 5)], g.float(), grad=False, layout=False)
    more = [value] if name == "constant_" else []
    return g.call("nn.init." + name, x, *more, torch=lambda x, *v: getattr(torch.nn.init, name)(x, *v))


@op("utils", "calculate_gain")
def gain(g, name):
    kind = g.choice(["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv2d"])
    more = [g.number(0, 1)] if kind == "leaky_relu" else []
    return g.call("nn.init.calculate_gain", kind, *more, torch=lambda *a: float(torch.nn.init.calculate_gain(*a)))


@op("utils", "parameters_to_vector", "vector_to_parameters")
def vector(g, name):
    text, made = with_gradients(g)
    text += "local v = nn.utils.parameters_to_vector(ps)\n" + ("return v:detach()" if name == "parameters_to_vector" else "nn.utils.vector_to_parameters((v * 2):detach(), ps)\nreturn ps")

    def function(t):
        v = torch.nn.utils.parameters_to_vector(made(t)).detach()
        return v if name == "parameters_to_vector" else [p.detach() * 2 for p in made(t)]
    return g.case(name, text, function, [f"nn.utils.{name}"], mode=None)
