/**
 * What an op is: its rules and its definition, of which `table.ts` has one for every op.
 *
 * @module
 */
import type { Builder, TypeRule } from "./builder.ts";
import type { DType, HostTensor, TypedArray } from "./dtype.ts";
import type { Node, NodeOf, OpAttrs, OpName } from "./node.ts";
import type { Dim, Shape } from "./shape.ts";

/** How far a backend's result may be from `eval`'s: `|x - y| <= absolute + relative * |y|`. */
export interface Tolerance {
  /** Share of the wanted value. */
  readonly relative: number;
  /** Whatever the wanted value. */
  readonly absolute: number;
}

/**
 * One use of an op. Tests are made of it: of its result's type, of its gradient against differences, and of every backend
 * against `eval`. What takes more than the op alone is a case of `tests/graph/op_cases.ts`.
 */
export interface OpExample<K extends OpName> {
  /** What is particular about it. */
  readonly name: string;
  /** Its attributes. */
  readonly attrs: OpAttrs[K];
  /** Its operands, in order. */
  readonly operands: readonly ExampleOperand[];
}

/** Either f32 values spread over a range, in random order and none near another, or these. */
export type ExampleOperand =
  & { readonly shape: readonly number[] }
  & (
    | { readonly low?: number; readonly high?: number }
    | { readonly dtype: DType; readonly values: readonly number[] }
  );

/** Values an ONNX attribute can have; a number is an int if `Number.isInteger`, so floats are given as `{ float }`. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

/** What an op's ONNX rule writes with. Names are value names of the ONNX graph. */
export interface OnnxScope {
  /** Appends one ONNX node and returns the name of its first output. */
  emit(
    opType: string,
    inputs: readonly string[],
    options?: { attrs?: Record<string, OnnxAttribute>; domain?: string },
  ): string;
  /** A constant tensor; `i64` is ONNX's type for shapes and axes. */
  constant(dtype: DType | "i64", shape: readonly number[], values: ArrayLike<number>): string;
  /** A 1-D int64 tensor that holds the shape, computed at run time where it is symbolic. */
  shape(shape: Shape): string;
}

/** The rules that every op has. */
export interface OpRules<K extends OpName> extends TypeRule<K> {
  /**
   * Gradients with respect to the inputs, emitted as ordinary nodes; `null` where there is none (an index, a mask).
   * `needed[i]` is false where input i's is not needed. Absent: the op has no gradient at all.
   */
  vjp?(b: Builder, node: NodeOf<K>, dy: Node, needed: readonly boolean[]): (Node | null)[];
  /** Whether operands of different shapes are broadcast together, so that none has to be spread before. */
  readonly broadcasts?: true;
  /** Whether it has its operand's elements, each of them once at most, so that rounding the operand rounds it. */
  readonly view?: true;
  /** Whether it folds elements of its operand. */
  readonly reduces?: true;
  /** Which of its inputs a node equals, if any. `inputs` stand for its own. */
  identity?(node: NodeOf<K>, inputs: readonly Node[]): Node | undefined;
  /** Which operands mixed precision hands over in f16; the op computes from them in f32 all the same. */
  half?(attrs: OpAttrs[K], operands: number): readonly number[];
  /** The attributes of a node that gets them so, if not its own. */
  halfAttrs?(attrs: OpAttrs[K]): OpAttrs[K];
  /** Whether it takes a query, a key and a value, in this order and first of all. */
  readonly attends?: true;
  /** Whether its operands are kept in f32: a mask's -1e9 may be among them. */
  readonly wide?: true;
  /** What other backends' results are held to. */
  readonly tolerance: Tolerance;
  /** Uses that it is tested by. */
  readonly examples?: readonly OpExample<K>[];
  /** Replaces symbols in the attributes; needed where attributes hold dimensions. */
  bind?(attrs: OpAttrs[K], dim: (dim: Dim) => number): OpAttrs[K];
}

/** An op that is defined by what it computes. */
export interface PrimitiveOp<K extends OpName> extends OpRules<K> {
  /** The definition: f32 storage, f64 sums. Shapes are numeric by now. */
  eval(inputs: readonly HostTensor[], attrs: OpAttrs[K], out: HostTensor): TypedArray;
  /** Writes the op as ONNX (opset 18 and `com.microsoft`) and returns the result's value name. */
  onnx(scope: OnnxScope, node: NodeOf<K>, inputs: readonly string[]): string;
  /** Absent, which tells the two kinds apart. */
  readonly expand?: undefined;
}

/**
 * An op that is defined by other ops: a name for something that a backend may have one kernel for. Backends without one expand it
 * (`passes/expand.ts`); equal nodes of several expansions are then merged like any others.
 */
export interface CompositeOp<K extends OpName> extends OpRules<K> {
  /** The definition: appends the nodes that compute `node` from `inputs`, which stand for its own. */
  expand(b: Builder, node: NodeOf<K>, inputs: readonly Node[]): Node;
  /** Absent: backends without a kernel expand it. */
  readonly eval?: undefined;
  /** Absent: backends without a kernel expand it. */
  readonly onnx?: undefined;
}

/** Everything there is to say about an op. */
export type OpSpec<K extends OpName> = PrimitiveOp<K> | CompositeOp<K>;

/** One rule for every op: a missing one does not compile. */
export type OpTable = { readonly [K in OpName]: OpSpec<K> };
