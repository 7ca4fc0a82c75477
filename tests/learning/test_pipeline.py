import json
from pathlib import Path

import keras
import numpy as np
import pytest

from digits.errors import UserError
from digits.image_format import to_input
from digits.learning import calibration, dataset, pipeline
from digits.learning.config import Recipe
from digits.learning.pipeline import Output
from digits.learning.training import train

ONE_EPOCH = Recipe(epochs=1, batch_size=16, learning_rate=1e-3, redrawn=0.0)


def small() -> keras.Model:
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(pixels)
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax", name="predictions")(x), name="small")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def data(npz: Path) -> dataset.Dataset:
    return dataset.load(npz, {})


@pytest.fixture
def trained(data: dataset.Dataset, tmp_path: Path) -> Output:
    output = Output(tmp_path / "output")
    pipeline.run({"small": small}, data, {"small": ONE_EPOCH}, output, resume=False)
    return output


def test_the_card_agrees_with_the_saved_network(trained: Output, data: dataset.Dataset) -> None:
    card = json.loads((trained.models / "small.json").read_text())
    images, labels = data.split()["test"]
    model = keras.saving.load_model(trained.models / "small.keras")
    read = model.predict(images[..., None].astype(np.float32) / 255, verbose=0).argmax(axis=1)
    assert card["scores"]["test"]["misses"] == int((read != labels).sum())
    assert np.array(card["confusion"]).sum() == 20
    assert card["data_digest"] == data.digest
    assert {"python", "tensorflow", "keras", "numpy", "platform", "cores"} == set(card["versions"])


def test_the_saved_network_is_calibrated(trained: Output, data: dataset.Dataset, tmp_path: Path) -> None:
    """The file holds the network as trained with its last layer divided by the temperature."""
    parts = data.split()
    as_trained, _, _ = train("small", small, parts["train"], parts["validation"], ONE_EPOCH, tmp_path, data.digest)
    images, labels = to_input(parts["validation"][0]), parts["validation"][1]
    before = as_trained.predict(images, verbose=0)
    temperature = calibration.fit_temperature(labels, before)
    assert abs(temperature - 1) > 0.01
    saved = keras.saving.load_model(trained.models / "small.keras").predict(images, verbose=0)
    assert saved == pytest.approx(calibration.rescale(before, temperature), abs=1e-5)

    card = json.loads((trained.models / "small.json").read_text())["calibration"]
    assert card["temperature"] == pytest.approx(temperature, rel=1e-4)
    assert card["fitted_on"] == "validation, n = 12, 0% of it drawn anew"
    for when, rows in (("before", before), ("after", saved)):
        assert card[when]["validation"]["ece"] == pytest.approx(calibration.of(labels, rows).ece, abs=1e-5)
    assert sum(card["after"]["test"]["n"]) == 20


def test_the_card_knows_every_miss_and_how_many_are_surer(trained: Output, data: dataset.Dataset) -> None:
    card = json.loads((trained.models / "small.json").read_text())
    images, labels = data.split()["test"]
    rows = keras.saving.load_model(trained.models / "small.keras").predict(to_input(images), verbose=0)
    read, confidence = rows.argmax(axis=1), rows.max(axis=1)
    missed = card["misses"]
    assert sorted(missed["image"]) == np.flatnonzero(read != labels).tolist() != []
    assert missed["read"] == read[missed["image"]].tolist()
    assert missed["surer"] == [int((confidence > confidence[i]).sum()) for i in missed["image"]]


def test_a_damaged_card_does_not_stand_in_the_way_of_its_own_making(trained: Output, data: dataset.Dataset) -> None:
    (trained.models / "small.json").write_text("{")
    assert list(pipeline.run({"small": small}, data, {"small": ONE_EPOCH}, trained, resume=False)) == ["small"]


def test_nothing_is_published_before_everything_is_done(trained: Output, data: dataset.Dataset) -> None:
    before = contents(trained.folder)

    def broken() -> keras.Model:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(
            {"first": small, "second": broken}, data, {"first": ONE_EPOCH, "second": ONE_EPOCH}, trained, resume=False
        )
    after = contents(trained.folder)
    assert {name: content for name, content in after.items() if not name.startswith(".unfinished")} == before
    assert ".unfinished/staged/models/first.keras" in after

    cards = pipeline.run(
        {"first": small, "second": small}, data, {"first": ONE_EPOCH, "second": ONE_EPOCH}, trained, resume=True
    )
    assert list(cards) == ["first", "second", "small"]
    assert not trained.work.exists()


def test_starting_anew_says_what_it_discards(
    trained: Output, data: dataset.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    (trained.work / "small").mkdir(parents=True)
    (trained.work / "small" / "state.json").write_text("{")
    pipeline.run({"small": small}, data, {"small": ONE_EPOCH}, trained, resume=False)
    assert "unfinished run found here is discarded" in capsys.readouterr().out
    assert not trained.work.exists()


def test_networks_that_learned_from_other_data_stay_out_of_the_results(trained: Output) -> None:
    card = trained.models / "small.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"data_digest": "another"}))
    cards = pipeline.run({"new": small}, dataset.load_uci(), {"new": ONE_EPOCH}, trained, resume=False)
    assert list(cards) == ["new"]


def test_an_unreadable_card_is_told_before_the_training(trained: Output, data: dataset.Dataset) -> None:
    (trained.models / "other.json").write_text("{")

    def never() -> keras.Model:
        raise AssertionError("the training began")

    with pytest.raises(UserError, match=r"other.json is no model card"):
        pipeline.run({"small": never}, data, {"small": ONE_EPOCH}, trained, resume=False)


def test_evaluating_gives_the_cards_figures_and_writes_nothing(trained: Output, data: dataset.Dataset) -> None:
    before = contents(trained.folder)
    card = json.loads((trained.models / "small.json").read_text())
    assert pipeline.evaluate(["small"], data, trained)["small"] == card
    assert contents(trained.folder) == before


def test_evaluating_on_other_data_says_so_and_is_not_drawn(trained: Output) -> None:
    other = dataset.load_uci()
    card = pipeline.evaluate(["small"], other, trained)["small"]
    assert card["dataset"] == "UCI digits"
    assert card["scores"]["test"]["n"] == 359
    with pytest.raises(UserError, match="its plots are not redrawn"):
        pipeline.evaluate(["small"], other, trained, redraw=True)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("missing", "make it with: python test.py --models small"),
        ("exchanged", "not the file that small.json describes"),
    ],
)
def test_a_model_that_its_card_does_not_describe_is_refused(
    damage: str, said: str, trained: Output, data: dataset.Dataset
) -> None:
    (trained.models / "small.keras").unlink()
    if damage == "exchanged":
        small().save(trained.models / "small.keras")
    with pytest.raises(UserError, match=said):
        pipeline.evaluate(["small"], data, trained)


def test_a_part_is_drawn_anew_for_the_temperature(data: dataset.Dataset) -> None:
    validation = data.split()["validation"]
    for part, least, most in ((0.0, 0, 0), (0.5, 1, 11), (1.0, 12, 12)):
        images, labels = pipeline.partly_redrawn(validation, part)
        assert labels is validation[1]
        assert least <= sum((one != other).any() for one, other in zip(images, validation[0], strict=True)) <= most
        assert np.array_equal(images, pipeline.partly_redrawn(validation, part)[0])
