"""The models that are timed, as PyTorch modules: deq's JSON with its safetensors, and ONNX files."""

import json
import struct

import numpy as np

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None


class Model:
    """A network of deq's JSON format, with its tensors from the safetensors file beside it."""

    def __init__(self, folder, name):
        with open(f"{folder}/{name}.json") as file:
            self.json = json.load(file)
        with open(f"{folder}/{name}.safetensors", "rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header, data = json.loads(file.read(size)), file.read()
        self.tensors = {}
        for key, entry in header.items():
            if key != "__metadata__":
                begin, end = entry["data_offsets"]
                dtype = {"F64": np.float64, "F32": np.float32}[entry["dtype"]]
                self.tensors[key] = np.frombuffer(data[begin:end], dtype).reshape(entry["shape"])

    @property
    def input_shape(self):
        return self.json["input"]

    def tensor(self, value):
        return self.tensors[value["tensor"] if isinstance(value, dict) else value]

    def torch_module(self, dtype):
        return LayerNetwork(self, dtype)


class ONNXModel:
    """A network in an ONNX file, with one input whose first axis is the batch."""

    def __init__(self, path):
        import onnx
        import onnx.numpy_helper

        self.path = path
        self.graph = onnx.load(path).graph
        self.tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in self.graph.initializer}
        (input,) = [value for value in self.graph.input if value.name not in self.tensors]
        self.input_name = input.name
        self.input_shape = [axis.dim_value for axis in input.type.tensor_type.shape.dim][1:]

    def torch_module(self, dtype):
        return NodeNetwork(self, dtype)


if torch:

    class LayerNetwork(torch.nn.Module):
        """The layers of a network in deq's format."""

        ACTIVATIONS = {"identity": lambda x: x, "relu": torch.relu, "tanh": torch.tanh}

        def __init__(self, model, dtype):
            super().__init__()
            self.layers = model.json["layers"]
            self.weights = torch.nn.ParameterDict()
            for layer in self.layers:
                for key in ("weight", "bias"):
                    if key in layer:
                        tensor = torch.tensor(model.tensor(layer[key]), dtype=dtype)
                        self.weights[f"{layer['name']}_{key}"] = torch.nn.Parameter(tensor)

        def forward(self, x):
            values, last = {"input": x}, "input"
            for layer in self.layers:
                inputs = [values[name] for name in layer.get("inputs", [last])]
                values[layer["name"]] = self.apply_layer(layer, inputs)
                last = layer["name"]
            return values[last]

        def apply_layer(self, layer, inputs):
            parameters = [self.weights[f"{layer['name']}_{k}"] if k in layer else None for k in ("weight", "bias")]
            kind, x = layer["type"], inputs[0]
            if kind == "dense":
                value = F.linear(x, *parameters)
            elif kind == "conv":
                value = F.conv2d(x, *parameters, stride=layer.get("stride", 1), padding=layer.get("padding", 0))
            elif kind == "add":
                value = inputs[0]
                for other in inputs[1:]:
                    value = value + other
            elif kind == "max_pool":
                value = F.max_pool2d(x, layer["kernel_size"], layer.get("stride"), layer.get("padding", 0))
            elif kind == "avg_pool":
                value = F.avg_pool2d(x, layer["kernel_size"])
            elif kind == "flatten":
                value = x.flatten(1)
            else:
                raise ValueError(f"a layer of type {kind}")
            return self.ACTIVATIONS[layer.get("activation", "identity")](value)

    class NodeNetwork(torch.nn.Module):
        """The nodes of an ONNX file, of the few types that convolutional networks have."""

        def __init__(self, model, dtype):
            super().__init__()
            import onnx.helper

            self.nodes = [
                (node.op_type, list(node.input), node.output[0],
                 {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute})
                for node in model.graph.node]
            self.input_name, self.output_name = model.input_name, model.graph.output[0].name
            self.weights = torch.nn.ParameterDict()
            self.keys = {}
            for name, array in model.tensors.items():
                if array.dtype.kind == "f":
                    self.keys[name] = f"t{len(self.keys)}"
                    self.weights[self.keys[name]] = torch.nn.Parameter(torch.tensor(array, dtype=dtype))

        def forward(self, x):
            values = {self.input_name: x, **{name: self.weights[key] for name, key in self.keys.items()}}
            for operator, inputs, output, attributes in self.nodes:
                values[output] = self.apply_node(operator, [values.get(name) for name in inputs], attributes)
            return values[self.output_name]

        def apply_node(self, operator, inputs, attributes):
            if operator == "Conv":
                pads = attributes.get("pads", [0, 0, 0, 0])
                return F.conv2d(
                    *inputs, stride=attributes.get("strides", 1), padding=pads[:2],
                    groups=attributes.get("group", 1))
            if operator == "Gemm":
                x, weight, bias = inputs
                return F.linear(x, weight if attributes.get("transB") else weight.T, bias)
            if operator == "Relu":
                return torch.relu(inputs[0])
            if operator == "Add":
                return inputs[0] + inputs[1]
            if operator == "Flatten":
                return inputs[0].flatten(1)
            raise ValueError(f"a node of type {operator}")
