extension PythonModuleText {
  /// The functions for JAX.
  var jaxRuntime: String {
    let isCyclic = model.groups.contains(where: \.isCyclic)
    let solver = isCyclic ? ", solver=SOLVER, max_steps=MAX_STEPS" : ""
    let handed = isCyclic ? ", solver, max_steps" : ""
    let solve =
      isCyclic
      ? "        if cyclic:\n            values |= solve(names, w, values, x\(handed))\n            continue\n"
      : ""
    return (isCyclic ? Self.jaxSolver + "\n\n\n" : "") + Self.jaxFunctions + """



      def equilibrium(w, x\(solver)):
          \"\"\"The value of every block at z = f(z, x), by name.\"\"\"
          x = x.reshape(len(x), *INPUT_SHAPE)
          values = {}
          for cyclic, names in ORDER:
      \(solve)        values[names[0]] = evaluate(names[0], w, values, x)
          return values


      def apply(w, x\(solver)):
          \"\"\"The output at the equilibrium: x is a batch of samples of INPUT_SHAPE, or of as many numbers.\"\"\"
          return equilibrium(w, x\(handed))[OUTPUT]


      def pattern():
          \"\"\"Which coordinates of z each coordinate of f may read: the pattern mask of W_z, [N, N].\"\"\"
          sizes = {name: int(np.prod(shape)) for name, (_, _, shape) in BLOCKS.items()}
          return np.concatenate([
              np.tile(np.concatenate([np.full(sizes[other], other in reads) for other in BLOCKS]), (sizes[name], 1))
              for name, (_, reads, _) in BLOCKS.items()])


      def to_deq(w, path):
          \"\"\"Writes the model with these parameters, for deq: path ends in .json.\"\"\"
          path = pathlib.Path(path)
          model = json.loads(STRUCTURE)
          parameters = {name: np.ascontiguousarray(w[name]).reshape(w[name].shape) for name in PARAMETERS}
      \(toDEQ.dedented)
      """
  }

  private static let jaxFunctions = """
    def load(path=WEIGHTS, dtype=jnp.float64):
        \"\"\"The parameters in a file, by name.\"\"\"
        stored = load_file(path)
        return {name: jnp.asarray(stored[name], dtype) for name in PARAMETERS}


    @functools.cache
    def constants():
        \"\"\"What is not trained, by name.\"\"\"
        stored = load_file(WEIGHTS) if CONSTANTS else {}
        return {name: stored[key].astype(np.int64 if name.endswith("index") else np.float64)
                for name, (key, _) in CONSTANTS.items()}


    def split(z, names):
        \"\"\"The values of blocks, by name, from their flattened values side by side.\"\"\"
        values, start = {}, 0
        for name in names:
            shape = BLOCKS[name][2]
            size = int(np.prod(shape))
            values[name] = z[:, start:start + size].reshape(len(z), *shape)
            start += size
        return values


    def join(values, names):
        \"\"\"The flattened values of blocks side by side.\"\"\"
        return jnp.concatenate([values[name].reshape(len(values[name]), -1) for name in names], axis=1)


    def evaluate(name, w, values, x):
        \"\"\"The value of a block, given those that it reads.\"\"\"
        function, reads, shape = BLOCKS[name]
        value = function(w, constants(), *[x if source is INPUT else values[source] for source in reads])
        return jnp.broadcast_to(value, (len(x), *shape)).astype(x.dtype)


    def transition(w, z, x):
        \"\"\"f(z, x): z and its value are [batch, coordinates], the blocks side by side.\"\"\"
        x = x.reshape(len(x), *INPUT_SHAPE)
        values = split(z, BLOCKS)
        return join({name: evaluate(name, w, values, x) for name in BLOCKS}, BLOCKS)
    """

  private static let jaxSolver = """
    # How groups of blocks are solved; any root finder or fixed-point solver of optimistix will do.
    SOLVER = optx.Newton(rtol=1e-12, atol=1e-12)
    MAX_STEPS = 256


    def solve(names, w, values, x, solver, max_steps):
        \"\"\"The equilibrium of blocks that read each other, sample by sample, from zeros.\"\"\"

        def f(z, known):
            w, values, x = known
            state = {name: value[None] for name, value in values.items()} | split(z[None], names)
            return join({name: evaluate(name, w, state, x[None]) for name in names}, names)[0]

        def one(values, x):
            z = jnp.zeros(sum(int(np.prod(BLOCKS[name][2])) for name in names), x.dtype)
            # The adjoint is that of the implicit function theorem.
            return optx.fixed_point(f, solver, z, (w, values, x), max_steps=max_steps).value

        return split(jax.vmap(one)(values, x), names)
    """
}

extension String {
  /// The text with four spaces less in front of each line.
  fileprivate var dedented: String {
    split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.hasPrefix("    ") ? String($0.dropFirst(4)) : String($0)
    }.joined(separator: "\n")
  }
}
