"""Writes the models of the survey to a directory: image classifiers of torchvision and timm, transformers at tiny
sizes, and models of scikit-learn, with random weights, by both of PyTorch's exporters.

    python survey_models.py DIRECTORY [--only REGEX] [--exporter dynamo|script]

Beside each NAME.onnx of PyTorch stands what PyTorch gives for it, NAME.reference.npz (survey_reference.py). What cannot
be exported is printed, and written to NAME.refused, with the exporter's reason. A model of which there is any of these
files already is kept, so that a run may go on where another one stopped. Of models with more than LARGEST parameters
repeated blocks are left out. The packages are those of survey_requirements.txt."""

import argparse
import pathlib
import re
import signal
import time
import warnings

import numpy
import torch

from survey_reference import fill, thin, write_reference

warnings.filterwarnings("ignore")

# Builds of torchvision without compiled operators lack what only detection needs.
_register_fake = torch.library.register_fake
torch.library.register_fake = lambda name, *rest, **options: (
    (lambda function: function) if str(name).startswith("torchvision::") else _register_fake(name, *rest, **options))



def _difference(graph, values, n, axis, prepend, append):
    """`torch.diff` of neighbours behind a value that stands before them: the script exporter lacks it, and masks of
    transformers need it."""
    whole = torch.onnx.symbolic_helper._get_const
    if whole(n, "i", "n") != 1 or torch.onnx.symbolic_helper._is_none(prepend):
        return torch.onnx.symbolic_helper._unimplemented("diff", "only of first order, behind a value")
    axis = whole(axis, "i", "axis")
    joined = graph.op("Concat", prepend, values, axis_i=axis)
    constant = lambda number: graph.op("Constant", value_t=torch.tensor([number]))
    later = graph.op("Slice", joined, constant(1), constant(2 ** 62), constant(axis))
    earlier = graph.op("Slice", joined, constant(0), constant(-1), constant(axis))
    return graph.op("Sub", later, earlier)


torch.onnx.register_custom_op_symbolic("aten::diff", _difference, 14)

SECONDS = 240
LARGEST = 6_000_000

# One of each family of timm, the smallest where there is a choice.
TIMM = """bat_resnext26ts beit_base_patch16_224 botnet26t_256 caformer_s18 cait_xxs24_224 coat_tiny coatnet_nano_rw_224
coat_lite_tiny convformer_s18 convit_tiny convmixer_768_32 convnext_atto convnextv2_atto crossvit_tiny_240
cs3darknet_s cspresnet50 darknet17 davit_tiny deit_tiny_patch16_224 densenet121 dla34 dpn48b edgenext_xx_small
efficientformer_l1 efficientformerv2_s0 efficientnet_b0 efficientnetv2_rw_t efficientvit_b0 efficientvit_m0 ese_vovnet19b_dw
eva02_tiny_patch14_224 fastvit_t8 fbnetc_100 focalnet_tiny_srf gcvit_xxtiny gernet_s ghostnet_050 ghostnetv2_100
gmixer_12_224 gmlp_ti16_224 halonet26t hardcorenas_a haloregnetz_b hgnet_tiny hgnetv2_b0 hiera_tiny_224 hrnet_w18_small
inception_next_tiny inception_v3 lambda_resnet26t lcnet_035 legacy_seresnet18 levit_128s maxvit_pico_rw_256 mixer_s16_224
mixnet_s mnasnet_small mobilenetv1_100 mobilenetv2_035 mobilenetv3_small_050 mobilenetv4_conv_small mobileone_s0
mobilevit_xxs mobilevitv2_050 mvitv2_tiny nest_tiny nextvit_small nf_regnet_b0 nfnet_f0 pit_ti_224 poolformer_s12
poolformerv2_s12 pvt_v2_b0 regnetx_002 regnety_002 repghostnet_050 repvgg_a0 repvit_m0_9 res2net50_14w_8s resmlp_12_224
resnest14d resnet18 resnet10t resnetv2_50 resnext26ts rexnet_100 sebotnet33ts_256 sequencer2d_s shvit_s1 skresnet18
spnasnet_100 starnet_s1 swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 swiftformer_xs tf_efficientnet_lite0
tiny_vit_5m_224 tinynet_e tnt_s_legacy_patch16_224 tresnet_m twins_svt_small vgg11 visformer_tiny vit_tiny_patch16_224
vit_medium_patch16_gap_240 volo_d1_224 vovnet39a wide_resnet50_2 xception41 xcit_nano_12_p16_224""".split()


def torchvision_models():
    """(name, maker of the model and its arguments) of every classifier of torchvision."""
    import torchvision.models

    def make(name):
        size = {"inception_v3": 96, "maxvit_t": 224}.get(name, 224 if name.startswith(("vit", "swin")) else 64)
        options = {"init_weights": False} if name in ("inception_v3", "googlenet") else {}
        model = torchvision.models.get_model(name, weights=None, **options)
        return model, (torch.randn(1, 3, size, size),)

    return [(name, lambda name=name: make(name)) for name in torchvision.models.list_models(module=torchvision.models)]


def timm_models():
    """The same of those of timm that are listed above."""
    import timm

    def make(name):
        model = timm.create_model(name, pretrained=False)
        size = model.default_cfg["input_size"]
        try:
            small = timm.create_model(name, pretrained=False, img_size=64) if size[1] > 128 else model
            with torch.no_grad():
                small.eval()(torch.randn(1, 3, 64, 64))
            model, size = small, (3, 64, 64)
        except Exception:
            # A model whose extents are its own, or that has no such option but takes any.
            try:
                with torch.no_grad():
                    model.eval()(torch.randn(1, 3, 64, 64))
                size = (3, 64, 64)
            except Exception:
                pass
        return model, (torch.randn(1, *size),)

    return [(name, lambda name=name: make(name)) for name in TIMM]


def transformer_models():
    """Encoders and decoders of transformers at tiny sizes; tokens are the input."""
    import transformers as t

    tiny = dict(vocab_size=99, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=37)
    decoder = dict(tiny, num_key_value_heads=2, max_position_embeddings=64, use_cache=False)
    tokens = lambda: (torch.randint(0, 99, (1, 7)),)
    image = lambda: (torch.randn(1, 3, 32, 32),)

    class Output(torch.nn.Module):
        """The first output of a model, without a cache."""

        def __init__(self, model, **options):
            super().__init__()
            self.model, self.options = model, options

        def forward(self, *inputs):
            return self.model(*inputs, return_dict=False, **self.options)[0]

    class Decoder(torch.nn.Module):
        """A decoder, as a function of tokens and of what an encoder made of others."""

        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, tokens, states):
            return self.model(input_ids=tokens, encoder_hidden_states=states, use_cache=False, return_dict=False)[0]

    vision = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=37, image_size=32,
                  patch_size=8)
    t5 = dict(vocab_size=99, d_model=32, d_ff=37, d_kv=8, num_layers=2, num_heads=4)
    whisper = t.WhisperConfig(
        vocab_size=99, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=37, decoder_ffn_dim=37, num_mel_bins=8, max_source_positions=20,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)
    entries = {
        "bert": lambda: (Output(t.BertModel(t.BertConfig(**tiny))), tokens()),
        "distilbert": lambda: (Output(t.DistilBertModel(t.DistilBertConfig(
            vocab_size=99, dim=32, hidden_dim=37, n_layers=2, n_heads=4))), tokens()),
        "roberta": lambda: (Output(t.RobertaModel(t.RobertaConfig(**tiny))), tokens()),
        "electra": lambda: (Output(t.ElectraModel(t.ElectraConfig(embedding_size=16, **tiny))), tokens()),
        "albert": lambda: (Output(t.AlbertModel(t.AlbertConfig(embedding_size=16, **tiny))), tokens()),
        "gpt2": lambda: (Output(t.GPT2Model(t.GPT2Config(
            vocab_size=99, n_positions=64, n_embd=32, n_layer=2, n_head=4)), use_cache=False), tokens()),
        "llama": lambda: (Output(t.LlamaModel(t.LlamaConfig(**decoder)), use_cache=False), tokens()),
        "qwen2": lambda: (Output(t.Qwen2Model(t.Qwen2Config(**decoder)), use_cache=False), tokens()),
        "mistral": lambda: (Output(t.MistralModel(t.MistralConfig(**decoder)), use_cache=False), tokens()),
        "opt": lambda: (Output(t.OPTModel(t.OPTConfig(
            vocab_size=99, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, ffn_dim=37,
            word_embed_proj_dim=32, max_position_embeddings=64)), use_cache=False), tokens()),
        "t5-encoder": lambda: (Output(t.T5EncoderModel(t.T5Config(**t5))), tokens()),
        "t5-decoder": lambda: (Decoder(t.T5Model(t.T5Config(**t5)).decoder), (*tokens(), torch.randn(1, 5, 32))),
        "vit": lambda: (Output(t.ViTModel(t.ViTConfig(**vision))), image()),
        "deit": lambda: (Output(t.DeiTModel(t.DeiTConfig(**vision))), image()),
        "dinov2": lambda: (Output(t.Dinov2Model(t.Dinov2Config(**vision))), image()),
        "clip-vision": lambda: (Output(t.CLIPVisionModel(t.CLIPVisionConfig(**vision))), image()),
        "clip-text": lambda: (Output(t.CLIPTextModel(t.CLIPTextConfig(max_position_embeddings=64, **tiny))), tokens()),
        "whisper-encoder": lambda: (Output(t.WhisperModel(whisper).encoder), (torch.randn(1, 8, 40),)),
        "whisper-decoder": lambda: (Decoder(t.WhisperModel(whisper).decoder), (*tokens(), torch.randn(1, 20, 32))),
    }
    return [(name, make) for name, make in entries.items()]


FAMILIES = {"transformers": transformer_models, "torchvision": torchvision_models, "timm": timm_models}


def drawn(make):
    """A model in evaluation, with numbers in all of its tensors, its inputs, and whether it was made thinner."""
    torch.manual_seed(0)
    model, inputs = make()
    model.eval()
    thinned = sum(tensor.numel() for tensor in model.parameters()) > LARGEST and thin(model)
    if thinned:
        try:
            with torch.no_grad():
                model(*inputs)
        except Exception:
            # Some models count their blocks elsewhere.
            torch.manual_seed(0)
            (model, inputs), thinned = make(), False
            model.eval()
    fill(model)
    return model, inputs, thinned


def write_by_pytorch(make, path, exporter):
    """Exports a model by one of PyTorch's exporters, and writes what PyTorch gives for it."""
    model, inputs, thinned = drawn(make)
    partial = path.with_suffix(".part")
    with torch.no_grad():
        torch.onnx.export(model, inputs, str(partial), dynamo=exporter == "dynamo", input_names=["input"],
                          external_data=False, verbose=False)
    write_reference(model, inputs, partial, thinned)
    partial.rename(path)


def write_scikit_models(directory, keeps):
    """Models of scikit-learn by skl2onnx."""
    from skl2onnx import to_onnx
    from sklearn import ensemble, linear_model, neural_network, pipeline, preprocessing, svm

    draw = numpy.random.default_rng(0)
    x = draw.standard_normal((120, 4)).astype(numpy.float32)
    y = x[:, 0] - x[:, 1] ** 2
    two, three = (y > 0).astype(int), numpy.digitize(y, [-1, 0.5])
    small = dict(hidden_layer_sizes=(8, 6), max_iter=60, random_state=0)
    models = {
        "linear": linear_model.LinearRegression().fit(x, y),
        "ridge2": linear_model.Ridge().fit(x, numpy.stack([y, -y], 1)),
        "logistic2": linear_model.LogisticRegression().fit(x, two),
        "logistic3": linear_model.LogisticRegression().fit(x, three),
        "mlp-regressor": neural_network.MLPRegressor(**small).fit(x, y),
        "mlp-classifier2": neural_network.MLPClassifier(**small).fit(x, two),
        "mlp-classifier3": neural_network.MLPClassifier(activation="tanh", **small).fit(x, three),
        "scaled-mlp": pipeline.make_pipeline(
            preprocessing.StandardScaler(), neural_network.MLPRegressor(activation="logistic", **small)).fit(x, y),
        "normalized-logistic": pipeline.make_pipeline(
            preprocessing.Normalizer(), linear_model.LogisticRegression()).fit(x, three),
        "minmax-svr": pipeline.make_pipeline(preprocessing.MinMaxScaler(), svm.LinearSVR(max_iter=9999)).fit(x, y),
        "polynomial": pipeline.make_pipeline(
            preprocessing.PolynomialFeatures(2), linear_model.LinearRegression()).fit(x, y),
        "linear-svc": svm.LinearSVC(max_iter=9999).fit(x, three),
        "forest": ensemble.RandomForestRegressor(3).fit(x, y),
    }
    for name, model in models.items():
        path = directory / "scikit-learn" / f"{name}.onnx"
        if keeps(path):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        options = {"options": {id(model): {"zipmap": False}}} if hasattr(model, "predict_proba") else {}
        try:
            path.write_bytes(to_onnx(model, x[:1], **options).SerializeToString())
        except Exception as error:
            print(f"{path.stem}: not exported: {str(error).splitlines()[0][:150]}", flush=True)


def refuse(path, error):
    """Says and writes down why a model was not exported."""
    lines = (str(error).strip() or type(error).__name__).splitlines()
    reason = f"{type(error).__name__}: {lines[0][:150]}"
    path.with_suffix(".refused").write_text(reason)
    print(f"{path}: not exported: {reason}", flush=True)


def write_all(exporters, directory, keeps):
    """Writes every model of PyTorch by every exporter."""
    def out_of_time(*_):
        raise TimeoutError(f"took more than {SECONDS} seconds")

    signal.signal(signal.SIGALRM, out_of_time)
    for exporter in exporters:
        for family, models in FAMILIES.items():
            for name, make in models():
                path = directory / family / exporter / f"{name}.onnx"
                if keeps(path):
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                start = time.monotonic()
                signal.alarm(SECONDS)
                try:
                    write_by_pytorch(make, path, exporter)
                    print(f"{family}/{exporter}/{name} {time.monotonic() - start:.0f} s", flush=True)
                except Exception as error:
                    refuse(path, error)
                finally:
                    signal.alarm(0)
                    path.with_suffix(".part").unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--exporter", choices=["dynamo", "script"])
    arguments = parser.parse_args()

    def keeps(path):
        return (path.exists() or path.with_suffix(".refused").exists()
                or not re.search(arguments.only, str(path.relative_to(arguments.directory))))

    write_scikit_models(arguments.directory, keeps)
    exporters = ["dynamo", "script"] if arguments.exporter is None else [arguments.exporter]
    write_all(exporters, arguments.directory, keeps)


if __name__ == "__main__":
    main()
