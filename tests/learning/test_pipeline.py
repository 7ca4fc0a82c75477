import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from digits.errors import UserError
from digits.files import write_text
from digits.image_format import to_input
from digits.learning import architecture, calibration, card, dataset, pipeline
from digits.learning.card import Card
from digits.learning.config import Recipe, Restyle
from digits.learning.pipeline import Output
from digits.learning.plots import style
from digits.learning.training import train

ONE_EPOCH = Recipe(epochs=1, batch_size=16, learning_rate=1e-3, restyle=Restyle(share=0.0))

pytestmark = pytest.mark.xdist_group("pipeline")  # one finished run is shared


def small() -> keras.Model:
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(pixels)
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax", name="predictions")(x), name="small")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def data(npz: Path) -> dataset.Dataset:
    return dataset.load(npz, {})


@pytest.fixture(scope="module")
def finished(data: dataset.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of one network."""
    folder = tmp_path_factory.mktemp("finished") / "output"
    pipeline.run({"small": small}, data, {"small": ONE_EPOCH}, Output(folder), resume=False)
    return folder


@pytest.fixture
def output(finished: Path, tmp_path: Path) -> Output:
    """A copy of it for one test."""
    return Output(Path(shutil.copytree(finished, tmp_path / "output")))


@pytest.fixture
def made(output: Output) -> Card:
    """The card of its network."""
    return card.read(output.models / "small.json")


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No figures but the cheapest: for what is not about figures, and is spared the seconds that drawing them takes."""
    monkeypatch.setattr(pipeline, "card_figures", lambda *_: {})
    monkeypatch.setattr(pipeline, "results_figures", lambda *_: {})
    monkeypatch.setattr(style, "save", lambda _, path: write_text(path, "drawn"))


def test_the_run_leaves_models_plots_and_results(output: Output) -> None:
    assert not output.work.exists()
    plots = {path.name for path in output.plots.iterdir()}
    assert plots == {
        *(
            f"small_{kind}.png"
            for kind in ("architecture", "by_class", "confusion", "history", "misses", "reliability")
        ),
        *("comparison.png", "results.json", "results.md", "risk_coverage.png", "samples.png"),
    }
    assert all((output.plots / name).stat().st_size > 5_000 for name in plots if name.endswith(".png"))
    assert {path.name for path in output.models.iterdir()} == {"small.json", "small.keras", "small.onnx"}
    results = json.loads((output.plots / "results.json").read_text(encoding="utf-8"))
    cards = {"small": card.read(output.models / "small.json")}
    assert results["models"] == cards
    assert (output.plots / "results.md").read_text(encoding="utf-8") == card.results_page(cards)


def test_the_card_agrees_with_the_saved_network(output: Output, made: Card, data: dataset.Dataset) -> None:
    images, labels = data.splits()["test"]
    model = keras.saving.load_model(output.models / "small.keras")
    read = model.predict(images[..., None].astype(np.float32) / 255, verbose=0).argmax(axis=1)
    assert made["metrics"]["test"]["misses"] == int((read != labels).sum())
    assert np.array(made["confusion"]).sum() == 20
    assert made["data_digest"] == data.digest
    assert made["recipe"] == ONE_EPOCH.identity()
    assert (made["parameters"], made["architecture"]) == tuple(architecture.identity(model).values())
    assert set(made["versions"]) == {"python", "tensorflow", "keras", "numpy", "platform", "cores"}
    assert set(made) == set(Card.__annotations__)


def test_the_saved_network_is_calibrated(output: Output, made: Card, data: dataset.Dataset, tmp_path: Path) -> None:
    """The file holds the network as trained with its last layer divided by the temperature."""
    splits = data.splits()
    folder = tmp_path / "as trained"
    as_trained = train("small", small, splits["train"], splits["validation"], ONE_EPOCH, folder, data.digest).model
    images, labels = to_input(splits["validation"][0]), splits["validation"][1]
    before = as_trained.predict(images, verbose=0)
    temperature = calibration.fit_temperature(labels, before)
    assert abs(temperature - 1) > 0.01
    after = keras.saving.load_model(output.models / "small.keras").predict(images, verbose=0)
    assert after == pytest.approx(calibration.rescale(before, temperature), abs=1e-5)

    calibrated = made["calibration"]
    assert calibrated["temperature"] == pytest.approx(temperature, rel=1e-4)
    assert calibrated["fitted_on"] == "validation, n = 12, 0% of it restyled"
    for found, rows in ((calibrated["before"], before), (calibrated["after"], after)):
        assert found["validation"]["ece"] == pytest.approx(calibration.reliability_of(labels, rows).ece, abs=1e-5)
    assert sum(calibrated["after"]["test"]["n"]) == 20


def test_the_card_knows_every_miss_and_its_rank(output: Output, made: Card, data: dataset.Dataset) -> None:
    images, labels = data.splits()["test"]
    rows = keras.saving.load_model(output.models / "small.keras").predict(to_input(images), verbose=0)
    read, confidence = rows.argmax(axis=1), rows.max(axis=1)
    missed = made["misses"]
    assert sorted(missed["image"]) == np.flatnonzero(read != labels).tolist() != []
    assert missed["read"] == read[missed["image"]].tolist()
    assert missed["rank"] == [int((confidence > confidence[i]).sum()) for i in missed["image"]]
    assert missed["rank"] == sorted(missed["rank"])


@pytest.mark.usefixtures("undrawn")
def test_a_damaged_card_does_not_stand_in_the_way_of_its_own_making(output: Output, data: dataset.Dataset) -> None:
    (output.models / "small.json").write_text("{")
    assert list(pipeline.run({"small": small}, data, {"small": ONE_EPOCH}, output, resume=False)) == ["small"]


@pytest.mark.usefixtures("undrawn")
def test_nothing_is_published_before_everything_is_done(output: Output, data: dataset.Dataset) -> None:
    before = contents(output.folder)

    def broken() -> keras.Model:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(
            {"first": small, "second": broken}, data, {"first": ONE_EPOCH, "second": ONE_EPOCH}, output, resume=False
        )
    after = contents(output.folder)
    assert {name: content for name, content in after.items() if not name.startswith(".unfinished")} == before
    assert ".unfinished/staged/models/first.keras" in after

    cards = pipeline.run(
        {"first": small, "second": small}, data, {"first": ONE_EPOCH, "second": ONE_EPOCH}, output, resume=True
    )
    assert list(cards) == ["first", "second", "small"]
    assert not output.work.exists()


@pytest.mark.usefixtures("undrawn")
def test_starting_again_says_what_it_discards(
    output: Output, data: dataset.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    (output.work / "small").mkdir(parents=True)
    (output.work / "small" / "state.json").write_text("{")
    pipeline.run({"small": small}, data, {"small": ONE_EPOCH}, output, resume=False)
    assert "discarding the unfinished run found here" in capsys.readouterr().out
    assert not output.work.exists()


@pytest.mark.usefixtures("undrawn")
def test_networks_that_learned_from_other_data_stay_out_of_the_results(output: Output, made: Card) -> None:
    (output.models / "small.json").write_text(json.dumps({**made, "data_digest": "0" * 64}))
    cards = pipeline.run({"new": small}, dataset.load_uci(), {"new": ONE_EPOCH}, output, resume=False)
    assert list(cards) == ["new"]


def test_an_unreadable_card_is_reported_before_training(output: Output, data: dataset.Dataset) -> None:
    (output.models / "other.json").write_text("{")

    def never() -> keras.Model:
        raise AssertionError("the training began")

    with pytest.raises(UserError, match=r"other.json is not a valid model card"):
        pipeline.run({"small": never}, data, {"small": ONE_EPOCH}, output, resume=False)


def test_evaluating_gives_the_cards_figures_and_writes_nothing(
    output: Output, made: Card, data: dataset.Dataset
) -> None:
    before = contents(output.folder)
    assert pipeline.evaluate(["small"], data, output)["small"] == made
    assert contents(output.folder) == before


def test_evaluating_on_other_data_says_so_and_is_not_replotted(output: Output) -> None:
    other = dataset.load_uci()
    evaluated = pipeline.evaluate(["small"], other, output)["small"]
    assert evaluated["dataset"] == "UCI digits"
    assert evaluated["metrics"]["test"]["n"] == 359
    with pytest.raises(UserError, match="its plots cannot be replotted"):
        pipeline.evaluate(["small"], other, output, replot=True)


def test_replotting_writes_the_plots_and_no_model(output: Output, data: dataset.Dataset) -> None:
    before = contents(output.folder)
    for path in output.plots.iterdir():
        path.unlink()
    pipeline.evaluate(["small"], data, output, replot=True)
    after = contents(output.folder)
    assert after.keys() == before.keys()
    assert {name: after[name] for name in after if not name.endswith(".png")} == {
        name: before[name] for name in before if not name.endswith(".png")
    }


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("missing", "no network at .*small.keras"),
        ("exchanged", "not the file that small.json describes"),
    ],
)
def test_a_model_that_its_card_does_not_describe_is_refused(
    damage: str, said: str, output: Output, data: dataset.Dataset
) -> None:
    (output.models / "small.keras").unlink()
    if damage == "exchanged":
        small().save(output.models / "small.keras")
    with pytest.raises(UserError, match=said):
        pipeline.evaluate(["small"], data, output)


def test_a_share_is_restyled_for_the_temperature(data: dataset.Dataset) -> None:
    validation = data.splits()["validation"]
    for share, least, most in ((0.0, 0, 0), (0.5, 1, 11), (1.0, 12, 12)):
        images, labels = pipeline.partly_restyled(validation, Restyle(share=share))
        assert labels is validation[1]
        assert least <= sum((one != other).any() for one, other in zip(images, validation[0], strict=True)) <= most
        assert np.array_equal(images, pipeline.partly_restyled(validation, Restyle(share=share))[0])
