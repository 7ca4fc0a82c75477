import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from digits.errors import UserError
from digits.files import write_text
from digits.image_format import to_input
from digits.learning import architecture, calibration, card, dataset, pipeline
from digits.learning.card import Card
from digits.learning.config import Lines, Recipe, Restyle, Written
from digits.learning.handwriting import Handwriting
from digits.learning.pipeline import Builder, Output
from digits.learning.plots import style
from digits.learning.training import Labelled, Trained, train
from digits.line_image import HEIGHT, OUTPUTS, STRIDE
from digits.networks import LINE
from digits.publishing import LOCK, Staged, Writer, exclusive
from tests.writers import FILES, KNOWN, LEFT_OUT, people

ROOT = Path(__file__).resolve().parents[2]
ONE_EPOCH = Recipe(epochs=1, batch_size=16, learning_rate=1e-3, restyle=Restyle(share=0.0))

pytestmark = pytest.mark.xdist_group("pipeline")  # one finished run is shared


def small() -> keras.Model:
    pixels = keras.Input((28, 28, 1))
    x = keras.layers.Flatten()(pixels)
    return keras.Model(pixels, keras.layers.Dense(10, activation="softmax", name="predictions")(x), name="small")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path, but its lock."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != LOCK)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def run(
    builders: Mapping[str, Builder], data: dataset.Dataset, output: Output, resume: bool = False
) -> dict[str, Card]:
    """Train networks for an epoch each."""
    with exclusive(output.folder) as writer:
        return pipeline.run(builders, data, dict.fromkeys(builders, ONE_EPOCH), writer, resume)


def replot(names: Iterable[str], data: dataset.Dataset, output: Output) -> dict[str, Card]:
    with exclusive(output.folder) as writer:
        return pipeline.evaluate(names, data, output, writer)


@pytest.fixture(scope="module")
def data(npz: Path) -> dataset.Dataset:
    return dataset.load(npz, {})


@pytest.fixture(scope="module")
def finished(data: dataset.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of one network."""
    folder = tmp_path_factory.mktemp("finished") / "output"
    run({"small": small}, data, Output(folder))
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
    assert {f"plots/{name}" for name in plots} == set(pipeline.plot_files(["small"]))
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
    assert set(made["versions"]) == {"python", "tensorflow", "keras", "numpy", "platform", "cores", "precision"}
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


@pytest.mark.usefixtures("undrawn")
def test_a_network_that_learns_from_handwriting_says_so(
    output: Output, data: dataset.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It learns from the writers that are known, and is calibrated with those that are left out."""
    written = replace(ONE_EPOCH, written=Written(share=0.4))
    learned: list[set[str]] = []

    def trained(*arguments: Any, handwriting: Handwriting, **options: Any) -> Trained:
        learned.append({character.writer for character in handwriting.characters})
        return train(*arguments, **{**options, "handwriting": handwriting})

    def calibrated(model: keras.Model, validation: Labelled, recipe: Recipe, handwriting: Handwriting) -> float:
        learned.append({character.writer for character in handwriting.characters})
        return calibrate(model, validation, recipe, handwriting)

    calibrate = pipeline.calibrate
    monkeypatch.setattr(pipeline, "train", trained)
    monkeypatch.setattr(pipeline, "calibrate", calibrated)
    with exclusive(output.folder) as writer:
        cards = pipeline.run({"new": small}, data, {"new": written}, writer, False, "float32", people())
    assert learned == [set(KNOWN), set(LEFT_OUT)]
    assert cards["new"]["handwriting"] == FILES
    assert cards["new"]["recipe"]["written"]["share"] == 0.4
    said = "validation, n = 12, 0% of it restyled, 40% drawn from handwriting"
    assert cards["new"]["calibration"]["fitted_on"] == said
    assert pipeline.evaluate(["new"], data, output)["new"] == cards["new"]
    assert not cards["small"].get("handwriting")


def test_the_temperature_is_fitted_with_handwriting_where_there_is_a_share_of_it(data: dataset.Dataset) -> None:
    validation, left_out = data.splits()["validation"], people(LEFT_OUT)
    shares = [(0.0, left_out), (0.0, None), (0.9, left_out)]
    found = []
    for share, handwriting in shares:
        keras.utils.set_random_seed(0)
        found.append(
            pipeline.calibrate(small(), validation, replace(ONE_EPOCH, written=Written(share=share)), handwriting)
        )
    assert found[0] == found[1] != found[2]


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
    assert list(run({"small": small}, data, output)) == ["small"]


@pytest.mark.usefixtures("undrawn")
def test_nothing_is_published_before_everything_is_done(output: Output, data: dataset.Dataset) -> None:
    before = contents(output.folder)

    def broken() -> keras.Model:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run({"first": small, "second": broken}, data, output)
    after = contents(output.folder)
    assert {name: content for name, content in after.items() if not name.startswith(".unfinished")} == before
    assert ".unfinished/staged/models/first.keras" in after

    cards = run({"first": small, "second": small}, data, output, resume=True)
    assert list(cards) == ["first", "second", "small"]
    assert not output.work.exists()


@pytest.mark.usefixtures("undrawn")
def test_starting_again_says_what_it_discards(
    output: Output, data: dataset.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    (output.work / "small").mkdir(parents=True)
    (output.work / "small" / "state.json").write_text("{")
    run({"small": small}, data, output)
    assert "discarding the unfinished run found here" in capsys.readouterr().out
    assert not output.work.exists()


@pytest.mark.usefixtures("undrawn")
def test_networks_that_learned_from_other_data_stay_out_of_the_results(output: Output, made: Card) -> None:
    (output.models / "small.json").write_text(json.dumps({**made, "data_digest": "0" * 64}))
    cards = run({"new": small}, dataset.load_uci(), output)
    assert list(cards) == ["new"]


def test_an_unreadable_card_is_reported_before_training(output: Output, data: dataset.Dataset) -> None:
    (output.models / "other.json").write_text("{")
    (output.models / "other.keras").write_bytes(b"")

    def never() -> keras.Model:
        raise AssertionError("the training began")

    with pytest.raises(UserError, match=r"other.json is not a valid model card"):
        run({"small": never}, data, output)


@pytest.mark.usefixtures("undrawn")
def test_what_is_no_card_is_left_alone_and_named(
    output: Output, data: dataset.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = {"notes.json": "my notes", "ANN.json": "{"}
    for name, text in odd.items():
        (output.models / name).write_text(text)
    (output.models / "folder.json").mkdir()
    assert list(run({"first": small}, data, output)) == ["first", "small"]
    said = capsys.readouterr().out
    for name in (*odd, "folder.json"):
        assert f"{output.models / name} is ignored: there is no {Path(name).stem}.keras beside it" in said
    assert {name: (output.models / name).read_text() for name in odd} == odd


@pytest.mark.usefixtures("undrawn")
def test_a_damaged_card_is_reported_before_replotting(output: Output, data: dataset.Dataset) -> None:
    (output.models / "other.json").write_text("{")
    (output.models / "other.keras").write_bytes(b"")
    with pytest.raises(UserError, match=r"other.json is not a valid model card"):
        replot(["small"], data, output)


IN_THE_WAY = ["models", "plots", *pipeline.model_files(["small"]), *pipeline.plot_files(["small"])]


@pytest.mark.parametrize("file", IN_THE_WAY)
def test_what_is_in_the_way_is_reported_before_training(file: str, data: dataset.Dataset, tmp_path: Path) -> None:
    def never() -> keras.Model:
        raise AssertionError("the training began")

    if "/" in file:
        (tmp_path / file).mkdir(parents=True)
    else:
        (tmp_path / file).symlink_to("nowhere")
    with pytest.raises(UserError, match=f"{file} is (not )?a folder; move it away"):
        run({"small": never}, data, Output(tmp_path))


# -- the line network ---------------------------------------------------------------------------------


def small_line_network() -> keras.Model:
    pixels = keras.Input((HEIGHT, None, 1))
    return keras.Model(
        pixels, keras.layers.Conv2D(OUTPUTS, (HEIGHT, STRIDE), strides=(HEIGHT, STRIDE))(pixels), name=LINE
    )


@pytest.mark.usefixtures("undrawn")
def test_the_line_network_lies_beside_the_others_and_enters_no_result(
    output: Output, data: dataset.Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("digits.learning.line_training.VALIDATION", 100)
    monkeypatch.setattr("digits.learning.line_card.VALIDATION", 100)
    recipes = {LINE: Recipe(epochs=1, batch_size=8, average=0.0, lines=Lines(per_epoch=16)), "first": ONE_EPOCH}
    with exclusive(output.folder) as writer:
        cards = pipeline.run(
            {LINE: small_line_network, "first": small}, data, recipes, writer, False, "float32", people()
        )
    assert list(cards) == ["first", "small"]
    made = json.loads((output.models / f"{LINE}.json").read_text())
    assert (made["handwriting"], made["recipe"]) == (FILES, recipes[LINE].identity())
    right = made["validation"]["n"] - made["validation"]["misses"]
    assert f"{LINE}: {right} of 100 lines read rightly\n" in capsys.readouterr().out
    assert not output.work.exists() and not list(output.plots.glob(f"{LINE}*"))

    before = contents(output.models)
    assert list(run({"small": small}, data, output)) == ["first", "small"]  # its card is no other network's
    replot(["small"], data, output)
    after = contents(output.models)
    assert {name for name in before if before[name] != after.get(name)} <= {"small.json", "small.keras", "small.onnx"}
    assert LINE not in capsys.readouterr().out


def test_the_line_network_alone_leaves_no_results(
    data: dataset.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digits.learning.line_training.VALIDATION", 100)
    monkeypatch.setattr("digits.learning.line_card.VALIDATION", 100)
    recipe = Recipe(epochs=1, batch_size=8, average=0.0, lines=Lines(per_epoch=8))
    with exclusive(tmp_path / "output") as writer:
        assert pipeline.run({LINE: small_line_network}, data, {LINE: recipe}, writer, False, "float32", people()) == {}
    files = {f"models/{LINE}.{suffix}" for suffix in ("keras", "onnx", "json")}
    assert set(contents(tmp_path / "output")) == files


# -- the folder is deleted, or used by others, in the middle ----------------------------------------


def test_a_folder_that_is_deleted_is_noticed_as_the_training_goes_on(output: Output, data: dataset.Dataset) -> None:
    """Within a second, and before anything is written there again."""

    def removing() -> keras.Model:
        shutil.rmtree(output.folder)
        return small()

    with pytest.raises(UserError, match=f"{output.folder} was deleted or replaced while this was running"):
        run({"small": removing}, data, output)
    assert not output.folder.exists()


@pytest.mark.usefixtures("undrawn")
def test_a_staged_file_that_is_gone_is_noticed(
    output: Output, data: dataset.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(writer: Writer, staged: Staged) -> None:
        (staged.folder / "models" / "small.onnx").unlink()
        original(writer, staged)

    original = Writer.publish
    monkeypatch.setattr(Writer, "publish", publish)
    before = contents(output.folder)
    with pytest.raises(UserError, match=r"^models/small.onnx can no longer be found in .*; nothing was published"):
        run({"small": small}, data, output)
    after = contents(output.folder)
    assert {name: content for name, content in after.items() if not name.startswith(".unfinished")} == before


def test_replotting_leaves_an_interrupted_run_as_it_is(output: Output, data: dataset.Dataset) -> None:
    state = {"small/state.json": "{", "staged/models/small.keras": "half", "staged/plots/samples.png": "half"}
    for name, text in state.items():
        write_text(output.work / name, text)
    before = contents(output.folder)
    replot(["small"], data, output)
    after = contents(output.folder)
    assert {name: content for name, content in after.items() if not name.endswith(".png")} == {
        name: content for name, content in before.items() if not name.endswith(".png")
    }
    assert after[".unfinished/staged/plots/samples.png"] == b"half"
    assert after["plots/samples.png"].startswith(b"\x89PNG")


@pytest.mark.usefixtures("undrawn")
def test_resuming_says_where_there_is_nothing_and_keeps_what_is_not_resumed(
    output: Output, data: dataset.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(output.work / "another" / "state.json", "{")
    write_text(output.work / "small" / ".partial-1-half.npz", "half")
    run({"small": small}, data, output, resume=True)
    assert f"Nothing to resume in {output.folder}: starting from the beginning\n" in capsys.readouterr().out
    assert contents(output.work) == {"another/state.json": b"{"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_no_fault_at_any_write_of_a_run_leaves_a_mix_or_a_state_that_cannot_be_resumed(tmp_path: Path) -> None:
    stride = os.environ.get("EVERY_WRITE", "12")
    command = [sys.executable, "-m", "tests.learning.faulty_run", str(tmp_path / "output"), stride]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3600)
    assert (result.stdout.strip(), result.returncode) == ("", 0), result.stderr


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
        replot(["small"], other, output)


def test_replotting_writes_the_plots_and_no_model(output: Output, data: dataset.Dataset) -> None:
    before = contents(output.folder)
    for path in output.plots.iterdir():
        path.unlink()
    replot(["small"], data, output)
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


@pytest.mark.parametrize("file", pipeline.plot_files(["small"]))
def test_what_is_in_the_way_is_reported_before_replotting(
    file: str, output: Output, data: dataset.Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_evaluate", None)
    (output.folder / file).unlink()
    (output.folder / file).mkdir()
    with pytest.raises(UserError, match=f"{file} is a folder; move it away"):
        replot(["small"], data, output)


def test_a_network_that_is_replaced_after_its_card_was_read_is_refused(output: Output, data: dataset.Dataset) -> None:
    """The bytes that are loaded are the ones that are compared, whatever lies there before and after."""
    known = card.read(output.models / "small.json")
    known["files"]["small.keras"] = "0" * 64
    with pytest.raises(UserError, match=r"small.keras is not the file that small.json describes"):
        pipeline._evaluate("small", known, data, output)


def test_a_share_is_restyled_for_the_temperature(data: dataset.Dataset) -> None:
    validation = data.splits()["validation"]
    for share, least, most in ((0.0, 0, 0), (0.5, 1, 11), (1.0, 12, 12)):
        images, labels = pipeline.partly_restyled(validation, Restyle(share=share))
        assert labels is validation[1]
        assert least <= sum((one != other).any() for one, other in zip(images, validation[0], strict=True)) <= most
        assert np.array_equal(images, pipeline.partly_restyled(validation, Restyle(share=share))[0])
