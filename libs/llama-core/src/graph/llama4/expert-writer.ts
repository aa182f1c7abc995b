import type { GraphBuilder, Value } from '../graph-builder.js';
import type { LinearWriter } from '../linear.js';

const INT64 = 7;

export interface ExpertLayer {
  name: string;
  /** Prefix of the layer's tensors. */
  from: string;
  experts: { count: number; perToken: number; intermediateSize: number };
  /** [n, gate and up side by side] → [n, intermediate] */
  activate: (both: Value) => Value;
}

/**
 * Routed experts of Llama 4. The chosen experts read the token scaled by the sigmoid of their router score; their outputs are added.
 *
 * Rows are sorted by expert once, cut into one piece per expert, go through that expert's two matrices, and return to their places: every expert multiplies
 * exactly the rows routed to it, and an expert without rows costs an operator call on an empty tensor (about 8 µs: 6 ms a token in Scout, 50 ms in Maverick).
 * ONNX Runtime's own `QMoE` gives the same numbers but unpacks whole matrices on every call: one token through one int4 expert of 1,024 × 2,048 took it 77 ms,
 * the two `MatMulNBits` 0.2 ms (64 tokens: 116 and 25 ms; onnxruntime-node 1.30, two threads).
 */
export class ExpertWriter {
  constructor(
    private readonly builder: GraphBuilder,
    private readonly linear: LinearWriter,
    private readonly hiddenSize: number,
  ) {}

  /** x [n, hidden] → sum of the chosen experts' outputs [n, hidden]. */
  async apply(x: Value, layer: ExpertLayer): Promise<Value> {
    const { builder: b } = this;
    const { name, experts } = layer;
    const routes = await this.route(x, layer);
    const inputs = b.node('Mul', `${name}.inputs`, [b.node('Gather', `${name}.rows`, [x, routes.rows]), routes.scores]);
    const both = await this.perExpert('gate_up', inputs, routes.counts, layer);
    const outputs = await this.perExpert('down', layer.activate(both), routes.counts, layer);
    const back = b.node('Gather', `${name}.back`, [outputs, routes.inverse]);
    if (experts.perToken === 1) return back;
    const grouped = b.node('Reshape', `${name}.grouped`, [back, b.int64([-1, experts.perToken, this.hiddenSize])]);
    return b.node('ReduceSum', `${name}.routed`, [grouped, b.int64([1])], { attributes: { keepdims: 0 } });
  }

  /**
   * Where rows go, sorted by expert: `rows` int64 [n·k], indices into x; `scores` float32 [n·k, 1]; `counts` int64 [experts]; `inverse` int64 [n·k], sorted place of each
   * (token, choice). The router stays float32: a rounded score can send a token elsewhere.
   */
  private async route(x: Value, { name, from, experts }: ExpertLayer): Promise<{ rows: Value; scores: Value; counts: Value; inverse: Value }> {
    const { builder: b } = this;
    const [choice, picked] = [`${name}.top_scores`, `${name}.top_experts`];
    const logits = await this.linear.apply(x, { name: `${name}.router`, exact: true, columns: this.hiddenSize, parts: [{ tensor: `${from}.router.weight`, rows: experts.count }] });
    b.node('TopK', `${name}.top`, [logits, b.int64([experts.perToken])], { attributes: { axis: -1 }, outputs: [choice, picked] });
    const flat = b.node('Reshape', `${name}.choices`, [picked, b.int64([-1])]);
    const size = b.node('Shape', `${name}.choice_count`, [flat]);
    const order = this.sortedPlaces(`${name}.order`, flat, size);
    const inverse = this.sortedPlaces(`${name}.inverse`, order, size);
    const rows = experts.perToken === 1 ? order : b.node('Div', `${name}.row_of_choice`, [order, b.int64([experts.perToken])]);
    const weights = b.node('Reshape', `${name}.weights`, [b.node('Sigmoid', `${name}.sigmoid`, [choice]), b.int64([-1, 1])]);
    const everyExpert = b.int64(Array.from({ length: experts.count }, (_, e) => e), [1, experts.count]);
    const hits = b.node('Equal', `${name}.hits`, [b.node('Unsqueeze', `${name}.choice_column`, [flat, b.int64([1])]), everyExpert]);
    const counts = b.node('ReduceSum', `${name}.counts`, [b.node('Cast', `${name}.hits64`, [hits], { attributes: { to: INT64 } }), b.int64([0])], { attributes: { keepdims: 0 } });
    return { rows, scores: b.node('Gather', `${name}.row_scores`, [weights, order]), counts, inverse };
  }

  /** Indices that sort a vector. */
  private sortedPlaces(name: string, values: Value, size: Value): Value {
    this.builder.node('TopK', `${name}.sort`, [values, size], { attributes: { axis: 0, largest: 0 }, outputs: [`${name}.sorted`, name] });
    return name;
  }

  /** Every expert's matrix on its own rows, the results one below the other. */
  private async perExpert(matrix: 'gate_up' | 'down', x: Value, counts: Value, { name, from, experts }: ExpertLayer): Promise<Value> {
    const pieces = Array.from({ length: experts.count }, (_, e) => `${name}.expert${e}.${matrix}_rows`);
    this.builder.node('Split', `${name}.${matrix}_split`, [x, counts], { attributes: { axis: 0 }, outputs: pieces });
    const down = matrix === 'down';
    const [columns, rows] = down ? [experts.intermediateSize, this.hiddenSize] : [this.hiddenSize, experts.intermediateSize];
    const results: Value[] = [];
    for (const [e, piece] of pieces.entries()) {
      const parts = (down ? ['down'] : ['gate', 'up']).map((kind) => ({ tensor: `${from}.experts.${e}.${kind}_proj.weight`, rows }));
      results.push(await this.linear.apply(piece, { name: `${name}.expert${e}.${matrix}`, columns, parts }));
    }
    return this.builder.node('Concat', `${name}.${matrix}_joined`, results, { attributes: { axis: 0 } });
  }
}
