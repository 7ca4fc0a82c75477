"""Trains a network in PyTorch whenever it is told to; for an environment of its own, which needs torch alone.

    PYTHON torch_worker.py SETTINGS

SETTINGS is JSON: the network's layers, batch size, learning rate, steps, precision ("float32" or "bfloat16") and
whether Adam is fused. For each line on standard input it trains the steps and prints the seconds that a step took.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

torch: Any = import_module("torch")  # in no requirements file


def network(layers: list[dict[str, Any]]) -> Any:
    """The network of these layers."""
    nn, made = torch.nn, []
    for layer in layers:
        kind, size = layer["kind"], layer.get("size", (0, 0))
        if kind == "convolution":
            made.append(nn.Conv2d(*size, 3, padding=1, bias=False))
        elif kind == "dense":
            made.append(nn.Linear(*size, bias=layer["bias"]))
        elif kind == "normalisation":
            norm = nn.BatchNorm2d if layer["axes"] == 4 else nn.BatchNorm1d
            made.append(norm(size[0], eps=layer["epsilon"], momentum=1 - layer["momentum"]))
        elif kind == "pooling":
            made.append(nn.MaxPool2d(2, ceil_mode=layer["ceil"]))
        else:
            made.append({"relu": nn.ReLU, "flatten": nn.Flatten}[kind]())
    return nn.Sequential(*made)


def main() -> None:
    """Train whenever a line comes."""
    given = json.loads(sys.argv[1])
    torch.manual_seed(0)
    n = given["steps"] * given["batch_size"]
    images, labels = torch.rand(n, 1, 28, 28), torch.randint(0, 10, (n,))
    model = network(given["layers"])
    if given["precision"] == "bfloat16":
        model, images = (each.to(memory_format=torch.channels_last) for each in (model, images))
    adam = torch.optim.Adam(model.parameters(), lr=given["learning_rate"], fused=given["fused"])
    loss_of = torch.nn.CrossEntropyLoss()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = 0.0
        for step, chosen in enumerate(torch.randperm(n).split(given["batch_size"])):
            if step == given["skipped"]:
                start = time.perf_counter()
            with torch.autocast("cpu", torch.bfloat16, enabled=given["precision"] == "bfloat16"):
                loss = loss_of(model(images[chosen]), labels[chosen])
            adam.zero_grad()
            loss.backward()
            adam.step()
        loss.item()
        print((time.perf_counter() - start) / (given["steps"] - given["skipped"]), flush=True)


if __name__ == "__main__":
    main()
