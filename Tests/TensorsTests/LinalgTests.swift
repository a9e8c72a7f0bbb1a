import LuaBridge
import Tensors
import Testing

/// `near(x, list [, tolerance])` compares the elements, `A` and `B` are the matrices of the fixed values, `sized(x, …)` compares the shape.
private let prelude = """
  local L = T.linalg
  local D = {dtype = "float64"}
  local function near(x, want, tolerance)
    local flat = x:reshape(-1)
    assert(flat:numel() == #want, "got " .. flat:numel() .. " elements, want " .. #want)
    for i, w in ipairs(want) do
      local v = flat:detach()[i]
      if not (math.abs(v - w) <= (tolerance or 1e-11) * math.max(1, math.abs(w))) then error(("element %d is %.15g, want %.15g"):format(i, v, w), 2) end
    end
  end
  local function sized(x, ...)
    local want = table.concat({...}, ",")
    if table.concat(x.shape, ",") ~= want then error("shape " .. table.concat(x.shape, ",") .. ", want " .. want, 2) end
  end
  local function close(x, y, tolerance)
    sized(x, table.unpack(y.shape))
    local d = x:numel() == 0 and 0 or (x - y):abs():max():item()
    if not (d <= (tolerance or 1e-11)) then error("differs by " .. d, 2) end
  end
  local function mt(x) return x:transpose(-1, -2) end
  local A = T.tensor({{4, -2, 1}, {3, 6, -4}, {2, 1, 8}}, {dtype = "float64", requires_grad = true})
  local B = T.tensor({{1, 2}, {0, -1}, {3, 1}}, {dtype = "float64", requires_grad = true})

  """

private func linalg(_ code: String) throws { try script(prelude.split(separator: "\n").joined(separator: " ") + " " + code) }

/// The gradients, first and second, by central differences.
private func derivatives(_ function: String, _ inputs: [Tensor], tolerance: Double = 1e-6, location: SourceLocation = #_sourceLocation) throws {
  let lua = try LuaState()
  lua.install(TensorLibrary.library)
  lua.install(LinalgLibrary.library)
  let stack = lua.stack
  try checkGradient(inputs, tolerance: tolerance, "\(function)", location: location) { x in
    let base = stack.top
    defer { stack.top = base }
    try lua.load("local T = require 'nnlua.tensor'; local L = T.linalg; return \(function)", name: "=gradient")
    try stack.call(arguments: 0, results: 1)
    for input in x { input.push(stack) }
    try stack.call(arguments: Int32(x.count), results: 1)
    return try Tensor.decode(stack, stack.top)
  }
}

/// Numbers without a pattern plus a multiple of the identity.
private func matrices(_ shape: Int..., diagonal: Double = 0, seed: Int = 1) throws -> Tensor {
  let count = shape.reduce(1, *), rows = shape[shape.count - 2], columns = shape[shape.count - 1]
  var values = scattered(count, seed)
  for i in 0..<count where i / columns % rows == i % columns { values[i] += diagonal }
  return try Tensor(values).reshaped(Shape(shape)).copied()
}

@Suite(.serialized) struct LinalgTests {
  // MARK: values and gradients that PyTorch 2.13 gives

  /// name, function of A and B, its value, the gradients of Σ sin(i) y[i] with respect to A and B.
  static let fixed: [(String, String, [Double], [Double], [Double])] = [
    (
      "inv", "L.inv(A)",
      [
        0.19771863117870722, 0.06463878326996197, 0.007604562737642592, -0.12167300380228137, 0.11406844106463877, 0.07224334600760458, -0.034220532319391636,
        -0.030418250950570346, 0.1140684410646388,
      ],
      [
        -0.06399441983978993, -0.004696065569018949, 0.010611055173991718, 0.015750348535114436, 0.0054374715667424856, -0.00020644755733810805, -0.00874844639717343,
        -0.004530485801534459, -0.0007336974985152353,
      ],
      []
    ),
    (
      "solve", "L.solve(A, B)", [0.22053231939163498, 0.33840304182509506, 0.09505703422053238, -0.28517110266159695, 0.3079847908745248, 0.07604562737642587],
      [
        -0.13537755408693541, 0.0629533053686172, -0.0774605131478076, -0.015530486887495474, -0.014906274860726963, -0.029244259759364285, 0.047410556934118456,
        -0.013888391617762383, 0.03463323664577706,
      ],
      [0.18201889514852895, 0.2814292225421273, 0.09965779916667439, -0.019052070789391064, -0.09278899664312125, -0.07963162548732719]
    ),
    (
      "det", "L.det(A)", [263.0],
      [
        43.75649121001062, -26.92707151385269, -7.5732388632710705, 14.305006741734243, 25.2441295442369, -6.731767878463174, 1.682941969615793, 15.987948711350036,
        25.244129544236902,
      ], []
    ),
    (
      "slogdet", "select(2, L.slogdet(A))", [5.572154032177764],
      [
        0.16637449129281603, -0.10238430233404064, -0.028795585031448932, 0.054391660614959085, 0.0959852834381631, -0.025596075583510163, 0.006399018895877542,
        0.060790679510836644, 0.09598528343816311,
      ],
      []
    ),
    (
      "cholesky", "L.cholesky(A:matmul(A:t()))",
      [4.58257569495584, 0, 0, -0.8728715609439696, 7.761320457119087, 0, 3.0550504633038935, -2.2332969536690497, 7.3945284760692624],
      [
        -0.39466051173198446, -1.6092459255067306, 2.216254678905698, -1.0657081810421887, 0.20294532904198037, 1.200618661372673, 1.0761802449948952, 0.649699948553357,
        0.005369736327560798,
      ],
      []
    ),
    (
      "eigvalsh", "L.eigvalsh(A:matmul(A:t()))", [17.164416916294485, 45.747043536103114, 88.08853954760238],
      [
        6.6967005974221845, -2.3430202690624524, -0.7091538078863429, 5.96665953205818, 7.920442951775814, 0.8428431847561111, 3.1179120868407155, 5.567610152633897,
        4.040722420596115,
      ], []
    ),
    (
      "svdvals", "L.svdvals(A)", [9.38554950696028, 6.763656077603527, 4.142996127960354],
      [
        0.22584609270590622, -0.006929629588182731, 0.16096254806939087, 0.42965860127723915, 0.7107433966759542, -0.3050373034459887, 0.3378534268752243,
        0.17980058872585725, 0.7406504103295737,
      ], []
    ),
    (
      "pinv", "L.pinv(B)", [-0.11428571428571421, 0.1428571428571429, 0.3714285714285713, 0.4285714285714284, -0.2857142857142858, -0.1428571428571429], [],
      [0.2608800719128319, -0.2373350059628225, 0.2518039112291467, -0.43289779126699873, -0.11567586492023058, 0.052221283287014204]
    ),
    (
      "nuclear norm", "L.norm(A, 'nuc')", [20.29220171252416],
      [
        0.7347904664607035, -0.4096847352666696, -0.017742783364312925, 0.37507844170057125, 0.6861791527949958, -0.31072133997294865, 0.16574845774095523,
        0.26341982885233295, 0.781799757481079,
      ], []
    ),
    (
      "largest singular value", "L.norm(A, 2)", [9.38554950696028],
      [
        0.009486153736822281, -0.05711429820287775, 0.15573681858342397, -0.028872662439354588, 0.17383672015257995, -0.47401051227791685, 0.037208682169287084,
        -0.22402628379335698, 0.610865261674296,
      ], []
    ),
    ("norm 1", "L.norm(A, 1)", [13], [0, 0, 0.8414709848078965, 0, 0, -0.8414709848078965, 0, 0, 0.8414709848078965], []),
    ("norm inf", "L.norm(A, math.huge)", [13], [0, 0, 0, 0.8414709848078965, 0.8414709848078965, -0.8414709848078965, 0, 0, 0], []),
    (
      "q", "(L.qr(A))",
      [
        -0.7427813527082077, 0.608903851479425, -0.27840970120038566, -0.5570860145311557, -0.7927238821147231, -0.24747528995589843, -0.3713906763541038,
        -0.028721879786765325, 0.928032337334619,
      ],
      [-0.15841548297732916, 0.028139234214749155, 0, 0.25604239061084444, 0.02501265263533239, 0, -0.06723261996160813, -0.0937974473824968, 0], []
    ),
    (
      "r", "select(2, L.qr(A))", [-5.385164807134504, -2.2283440581246223, -1.4855627054164153, 0, -6.002872875433952, 3.5500243416441943, 0, 0, 8.13575015730016],
      [
        0.3867679896614665, -1.432588565719862, -0.3896962678325827, -1.429547809987925, 0.09957266400797338, 0.040894213963206576, -0.8949442311471938,
        0.26745988434795165, 0.3380739642270881,
      ], []
    ),
    (
      "lstsq", "(L.lstsq(A[{ {}, {1, 2} }], B))", [0.3808612440191388, 0.3779904306220097, -0.0870813397129187, -0.33014354066985657],
      [-0.17259853785042373, 0.10071225651411785, 0, -0.02799610802788341, -0.004767345849009038, 0, 0.05509653173803698, -0.007535947904301364, 0],
      [0.13706968831534805, 0.24035309162284085, 0.059702948648291315, -0.0555641871620903, 0.057041692800815426, 0.057288810910294835]
    ),
  ]

  @Test(arguments: fixed.indices) func valuesAndGradientsArePyTorchs(_ i: Int) throws {
    let (_, code, value, gA, gB) = Self.fixed[i]
    func list(_ values: [Double]) -> String { "{" + values.map { "\($0)" }.joined(separator: ",") + "}" }
    try linalg(
      """
      local y = \(code)
      near(y, \(list(value)))
      local w = T.range(1, y:numel(), D):sin():reshape(y.shape);
      (y * w):sum():backward()
      \(gA.isEmpty ? "" : "near(A.grad, \(list(gA)), 1e-10)")
      \(gB.isEmpty ? "" : "near(B.grad, \(list(gB)), 1e-10)")
      """)
  }

  @Test func gradientsOfSymmetricMatricesAreSymmetric() throws {
    try linalg(
      """
      local C = T.tensor({{2, 1}, {1, 3}}, {dtype = "float64", requires_grad = true});
      (L.cholesky(C) * T.tensor({{1, 0}, {2, 3}}, D)):sum():backward()
      near(C.grad, {0.2371708245126283, 0.2327651321612907, 0.2327651321612907, 0.9486832980505138})
      C.grad = nil;
      ((L.eigh(C)) * T.tensor({1, 2}, D)):sum():backward()
      near(C.grad, {1.2763932022500206, 0.4472135954999578, 0.4472135954999578, 1.7236067977499785})
      """)
  }

  // MARK: what defines each function, over batches, layouts and types

  @Test(arguments: ["float32", "float64"]) func definitionsHold(_ type: String) throws {
    try linalg(
      """
      local O = {dtype = "\(type)"}
      local tolerance = "\(type)" == "float32" and 2e-4 or 1e-11
      T.manual_seed(5)
      local function eye(n) return T.eye(n, O) end
      for _, make in ipairs {
        function(...) return T.randn(..., O) end,
        function(shape) local turned = {table.unpack(shape)}; turned[#shape], turned[#shape - 1] = shape[#shape - 1], shape[#shape]; return mt(T.randn(turned, O)) end,
        function(shape) local wide = {table.unpack(shape)}; wide[#shape] = 2 * shape[#shape]; local all = {}; for i = 1, #shape do all[i] = {} end
          all[#shape] = {2, 2 * shape[#shape], 2}; return T.randn(wide, O)[all] end,
      } do
        for _, shape in ipairs { {4, 4}, {1, 1}, {3, 5, 5}, {2, 3, 3, 3} } do
          local x = make(shape) + 3 * eye(shape[#shape])
          assert(x.dtype == "\(type)" and L.inv(x).dtype == "\(type)")
          local one = eye(shape[#shape]):expand(x.shape)
          close(L.inv(x):matmul(x), one, tolerance)
          close(x:matmul(L.solve(x, one)), one, tolerance)
          local s = x:matmul(mt(x)) + one
          local l = L.cholesky(s)
          close(l:matmul(mt(l)), s, 20 * tolerance)
          close(l:tril(), l, 0)
          close(L.cholesky(s, {upper = true}), mt(l), 0)
          local w, v = L.eigh(s)
          close(s:matmul(v), v * w:unsqueeze(-2), 30 * tolerance)
          close(mt(v):matmul(v), one, tolerance)
          local sign, log = L.slogdet(x)
          close(sign * log:exp() / L.det(x), T.ones_like(sign), tolerance)
          close(L.matrix_power(x, 3), x:matmul(x):matmul(x), 200 * tolerance)
          close(L.matrix_power(x, -2):matmul(x):matmul(x), one, 10 * tolerance)
          close(L.matrix_power(x, 0), one, 0)
        end
        for _, shape in ipairs { {4, 3}, {3, 4}, {3, 3}, {2, 5, 2}, {2, 2, 5}, {1, 3} } do
          local x = make(shape)
          local m, n = shape[#shape - 1], shape[#shape]
          local k = math.min(m, n)
          for mode, size in pairs {reduced = k, complete = m} do
            local q, r = L.qr(x, mode)
            assert(q.shape[#shape] == size and r.shape[#shape - 1] == size)
            close(q:matmul(r), x, tolerance)
            close(mt(q):matmul(q), eye(size):expand(mt(q):matmul(q).shape), tolerance)
            close(r:triu(), r, 0)
          end
          local none, r = L.qr(x, "r")
          sized(none, 0)
          close(r, select(2, L.qr(x)), 0)
          for _, full in ipairs {true, false} do
            local u, s, vh = L.svd(x, {full_matrices = full})
            assert(u.shape[#shape] == (full and m or k) and vh.shape[#shape - 1] == (full and n or k))
            close((u:narrow(-1, 1, k) * s:unsqueeze(-2)):matmul(vh:narrow(-2, 1, k)), x, tolerance)
            close(mt(u):matmul(u), eye(full and m or k):expand(mt(u):matmul(u).shape), tolerance)
            close(vh:matmul(mt(vh)), eye(full and n or k):expand(vh:matmul(mt(vh)).shape), tolerance)
          end
          local p = L.pinv(x)
          close(x:matmul(p):matmul(x), x, tolerance)
          close(p:matmul(x):matmul(p), p, tolerance)
          close(mt(x:matmul(p)), x:matmul(p), tolerance)
        end
      end
      """)
  }

  @Test func rightSidesAreVectorsMatricesAndBatches() throws {
    try linalg(
      """
      T.manual_seed(6)
      local a, many = T.randn(3, 3, D) + 3 * T.eye(3, D), T.randn(2, 3, 3, D) + 3 * T.eye(3, D)
      local v = T.randn(3, D)
      sized(L.solve(a, v), 3)
      close(a:mv(L.solve(a, v)), v)
      local batch = T.randn(2, 3, D)
      sized(L.solve(many, batch), 2, 3)
      close(many:matmul(L.solve(many, batch):unsqueeze(-1)):squeeze(-1), batch)
      local right = T.randn(5, 1, 3, 4, D)
      close(a:matmul(L.solve(a, right)), right)
      close(many:matmul(L.solve(many, right)), right:expand(5, 2, 3, 4))
      local left = T.randn(4, 3, D)
      close(L.solve(a, left, {left = false}):matmul(a), left)
      close(L.solve_triangular(a, right, {upper = true}), L.solve(a:triu(), right))
      close(L.solve_triangular(a, left, {left = false}), L.solve(a:tril(), left, {left = false}))
      close(L.solve_triangular(a, right, {unitriangular = true}), L.solve(a:tril(-1) + T.eye(3, D), right))
      assert(L.solve(a:float(), v).dtype == "float64")
      local x, residuals = L.lstsq(T.tensor({{1, 1}, {1, 2}, {1, 3}}, D), T.tensor({1, 2, 2}, D))
      near(x, {2 / 3, 0.5})
      near(residuals, {1 / 6})
      """)
  }

  @Test func emptyMatrices() throws {
    try linalg(
      """
      sized(L.inv(T.zeros(0, 0)), 0, 0)
      sized(L.inv(T.zeros(0, 3, 3)), 0, 3, 3)
      sized(L.solve(T.zeros(0, 0), T.zeros(0, 2)), 0, 2)
      sized(L.solve(T.eye(3), T.zeros(3, 0)), 3, 0)
      near(L.det(T.zeros(2, 0, 0)), {1, 1})
      near(L.det(T.zeros(0, 2, 2)), {})
      sized(L.cholesky(T.zeros(0, 0)), 0, 0)
      local w, v = L.eigh(T.zeros(0, 0))
      sized(w, 0) sized(v, 0, 0)
      local u, s, vh = L.svd(T.zeros(0, 3))
      sized(u, 0, 0) sized(s, 0) close(vh, T.eye(3), 0)
      u, s, vh = L.svd(T.zeros(2, 0, 3), {full_matrices = false})
      sized(u, 2, 0, 0) sized(s, 2, 0) sized(vh, 2, 0, 3)
      local q, r = L.qr(T.zeros(3, 0), "complete")
      close(q, T.eye(3), 0) sized(r, 3, 0)
      q, r = L.qr(T.zeros(0, 3))
      sized(q, 0, 0) sized(r, 0, 3)
      sized(L.pinv(T.zeros(0, 3)), 3, 0)
      near(L.matrix_rank(T.zeros(0, 3)), {0})
      local x = T.zeros(0, 0, {requires_grad = true})
      L.det(x):backward()
      sized(x.grad, 0, 0)
      """)
  }

  @Test func ranks() throws {
    try linalg(
      """
      near(L.matrix_rank(T.tensor({ {{1, 2}, {2, 4}}, {{1, 2}, {2, 5}}, {{0, 0}, {0, 0}} })), {1, 2, 0})
      near(L.matrix_rank(T.tensor({{1, 0}, {0, 1e-3}}), {rtol = 1e-2}), {1})
      near(L.pinv(T.tensor({{1, 2}, {2, 4}}, D)), {0.04, 0.08, 0.08, 0.16})
      near(L.norm(T.tensor({3, 4})), {5}, 1e-6)
      near(L.norm(T.tensor({3, 4}), 1), {7}, 1e-6)
      near(L.norm(T.tensor({{3, 4}, {6, 8}}), nil, 2), {5, 10}, 1e-6)
      sized(L.norm(T.ones(2, 3, 4), "fro", {1, 3}, {keepdim = true}), 1, 3, 1)
      """)
  }

  // MARK: gradients by differences, first and second

  static let functions: [(String, [[Int]], Double)] = [
    ("L.inv", [[2, 3, 3]], 2), ("L.solve", [[2, 3, 3], [2, 3, 2]], 2), ("L.solve", [[3, 3], [2, 3, 2]], 2), ("L.solve", [[2, 3, 3], [2, 3]], 2),
    ("L.det", [[2, 3, 3]], 0), ("function(x) return (select(2, L.slogdet(x))) end", [[2, 3, 3]], 2), ("L.cholesky", [[2, 3, 3]], 3),
    ("function(x) return (L.eigh(x)) end", [[3, 3]], 0), ("function(x) local w, v = L.eigh(x); return T.cat({w:unsqueeze(1), v * v}) end", [[3, 3]], 0),
    ("function(x) return L.eigvalsh(x, 'U') end", [[2, 3, 3]], 0), ("function(x) return (L.qr(x)) end", [[4, 3]], 1),
    ("function(x) local q, r = L.qr(x); return q:matmul(r:tanh()) end", [[4, 3]], 1), ("function(x) local q, r = L.qr(x); return q:matmul(r:tanh()) end", [[2, 4]], 1),
    ("L.svdvals", [[4, 3]], 0), ("function(x) local u, s, v = L.svd(x, {full_matrices = false}); return (u * s:sin()):matmul(v) end", [[4, 3]], 0),
    ("function(x) local u, s, v = L.svd(x, {full_matrices = false}); return (u * s:sin()):matmul(v) end", [[2, 4]], 0),
    ("function(x) local u, s, v = L.svd(x); return s end", [[4, 2]], 0), ("L.pinv", [[4, 2]], 0), ("L.pinv", [[2, 4]], 0),
    ("function(a, b) return L.solve_triangular(a, b, {upper = true}) end", [[3, 3], [3, 2]], 2),
    ("function(a, b) return L.solve_triangular(a, b, {unitriangular = true, left = false}) end", [[3, 3], [2, 3]], 0),
    ("function(a, b) return (L.lstsq(a, b)) end", [[4, 2], [4, 2]], 0), ("function(x) return L.matrix_power(x, -2) end", [[3, 3]], 2),
  ]

  @Test(arguments: functions.indices) func gradientsAgreeWithDifferences(_ i: Int) throws {
    let (function, shapes, diagonal) = Self.functions[i]
    var inputs: [Tensor] = []
    for (k, shape) in shapes.enumerated() {
      var values = scattered(shape.reduce(1, *), k + 1)
      let columns = shape[shape.count - 1], rows = shape[max(shape.count - 2, 0)]
      if k == 0 { for at in values.indices where at / columns % rows == at % columns { values[at] += diagonal } }
      inputs.append(try Tensor(values).reshaped(Shape(shape)).copied())
    }
    try derivatives(function, inputs)
  }

  @Test func determinantsOfSingularMatricesHaveGradients() throws {
    for rows in [[1.0, 2, 3, 2, 4, 6, 1, 1, 5], [1, 2, 3, 2, 4, 6, 3, 6, 9], [0, 0, 0, 0, 0, 0, 0, 0, 0]] { try derivatives("L.det", [Tensor(rows, 3, 3)]) }
    try linalg(
      """
      local x = T.tensor({{1, 2}, {2, 4}}, {dtype = "float64", requires_grad = true})
      L.det(x):backward()
      near(x.grad, {4, -2, -2, 1})
      """)
  }

  @Test func equalEigenvaluesHaveGradients() throws {
    try linalg(
      """
      local x = T.eye(3, {dtype = "float64", requires_grad = true})
      L.eigvalsh(x):sum():backward()
      close(x.grad, T.eye(3, D))
      x.grad = nil
      L.svdvals(x):sum():backward()
      close(x.grad, T.eye(3, D))
      x.grad = nil
      local w, v = L.eigh(x)
      local y = (v * w:exp():unsqueeze(1)):matmul(v:t())
      y:trace():backward()
      close(x.grad, math.exp(1) * T.eye(3, D))
      """)
  }

  // MARK: errors

  @Test func errorsSayWhatIsWrong() throws {
    try linalg(
      """
      local batch = T.stack({T.eye(2), T.ones(2, 2)})
      fails("linalg.inv: the matrix at batch position 2 is singular (shape {2,2,2})", L.inv, batch)
      fails("linalg.solve: the matrix is singular (shape {2,2})", L.solve, T.zeros(2, 2), T.ones(2))
      fails("linalg.inv: the matrix at batch position {1,2} is singular", L.inv, batch:unsqueeze(1))
      fails("linalg.inv: the matrices must be square, got 2 rows and 3 columns (shape {2,3})", L.inv, T.ones(2, 3))
      fails("linalg.inv: takes float32 or float64, got int64; convert it first", L.inv, T.ones(2, 2, {dtype = "int64"}))
      fails("linalg.det: a matrix or a batch of matrices expected, got shape {3}", L.det, T.ones(3))
      fails("linalg.solve: A has 3 rows, the right side 2 (A {3,3}, b {2})", L.solve, T.eye(3), T.ones(2))
      fails("linalg.cholesky: the matrix at batch position 2 is not positive definite: the leading part of 2 rows is not (shape {2,2,2})",
        L.cholesky, T.stack({T.eye(2), T.tensor({{1, 2}, {2, 1}})}))
      fails("linalg.eigh: the matrix at batch position 1 contains NaN or infinity", L.eigh, T.full({1, 2, 2}, 0 / 0))
      fails("linalg.svd: the matrix contains NaN or infinity", L.svd, T.full({2, 3}, 1 / 0))
      fails("linalg.cholesky: the matrix contains NaN or infinity", L.cholesky, T.full({2, 2}, 1 / 0))
      fails("linalg.pinv: the matrix contains NaN or infinity", L.pinv, T.full({2, 3}, 0 / 0))
      fails("linalg.qr: unknown mode \\"full\\" (modes: reduced, complete, r)", L.qr, T.ones(2, 2), "full")
      fails("linalg.eigh: UPLO is \\"L\\" or \\"U\\", got \\"x\\"", L.eigh, T.ones(2, 2), "x")
      fails("linalg.solve_triangular: the matrix is singular: 0 at place 2 of its diagonal", L.solve_triangular, T.tensor({{1, 0}, {1, 0}}), T.ones(2, 1))
      fails("linalg.norm: matrices have the orders", L.norm, T.ones(2, 2), 3)
      fails("linalg.norm: order \\"nuc\\" is that of matrices: name two dims of {3}", L.norm, T.ones(3), "nuc")
      fails("linalg.matrix_power: the matrix is singular", function() return L.matrix_power(T.zeros(2, 2), -1) end)
      fails("linalg has no 'cholesy'; did you mean 'cholesky'?", function() return L.cholesy end)
      fails("linalg.pinv: rtol cannot be negative, got -1", L.pinv, T.ones(2, 2), {rtol = -1})
      """)
  }

  @Test func notFiniteMatricesGiveNaN() throws {
    try linalg(
      """
      local x = T.stack({T.eye(2) * 2, T.full({2, 2}, 0 / 0), T.tensor({{1 / 0, 0}, {0, 1}})})
      for _, y in ipairs {L.inv(x), L.solve(x, T.eye(2)), (L.qr(x))} do
        close(y[1]:abs(), (y[1]:abs():gt(0)):float() * y[1]:abs(), 0)
        assert(not y[1]:isnan():any():item() and y[2]:isnan():all():item() and y[3]:isnan():all():item())
      end
      assert(tostring(L.det(x)):find("4%.0000,%s+nan,%s+nan"), tostring(L.det(x)))
      assert(L.solve(T.eye(2), T.tensor({1, 0 / 0})):isnan():all():item())
      """)
  }

  @Test func completingVectorsHaveNoGradient() throws {
    try linalg(
      """
      local x = T.tensor({{1, 2}, {3, 4}, {5, 7}}, {dtype = "float64", requires_grad = true})
      local q, r = L.qr(x, "complete");
      (q[{ {}, {1, 2} }]:sum() + r:sum()):backward()
      local g = x.grad
      x.grad = nil
      q, r = L.qr(x);
      (q:sum() + r:sum()):backward()
      close(x.grad, g)
      fails("linalg.qr: the columns of Q that complete the base have no gradient; use mode = \\"reduced\\"", function() (L.qr(x, "complete")):sum():backward() end)
      fails("linalg.svd: singular vectors beyond the first 2 have no gradient; use {full_matrices = false}", function() (L.svd(x)):sum():backward() end)
      """)
  }

  @Test func theModuleIsOne() throws {
    try script("assert(T.linalg == require 'nnlua.tensor.linalg')")
  }
}
