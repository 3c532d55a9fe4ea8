/**
 * Who may import whom, as docs and design say, checked on sources: {@linkcode violations} is a function of a map from path
 * to text, so that the test can show it every kind of mistake.
 */
export function violations(sources: Map<string, string>): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, source] of sources) {
    const part = partOf(path);
    if (part === undefined) {
      found.push(`${path} belongs to no part of the design`);
      continue;
    }
    const { code, imports, computed, ops } = scan(source);
    const edges: string[] = [];
    for (const { specifier, kind } of imports) {
      if (/^\.{0,2}\//.test(specifier) || specifier.startsWith("file:")) {
        const target = resolvePath(path, specifier);
        const reason = forbidden(part, target);
        if (reason !== undefined) found.push(`${path} imports ${target}: ${reason}`);
        // A Worker's script is the root of a module graph of its own.
        if (kind === "import") edges.push(target);
      } else {
        const reason = forbiddenPackage(part, specifier);
        if (reason !== undefined) found.push(`${path} imports ${specifier}: ${reason}`);
      }
    }
    graph.set(path, edges);
    if (computed && !onlyPackages[0].parts.includes(part) && part !== "cli") {
      found.push(
        `${path} computes what it imports: write the specifier as one literal, so that it can be checked`,
      );
    }
    const named = namesNoOp.test(path) ? ops.find((op) => !leaves.includes(op)) : undefined;
    if (named !== undefined) {
      found.push(`${path} asks whether a node is ${named}: what the GPU knows of an op stands in its rule`);
    }
    if (/\.op\s*\.\s*(startsWith|endsWith|includes|match)\b/.test(code)) {
      found.push(`${path} reads an op's name: what an op is, its own module says`);
    }
    for (const rule of onlyCode) {
      if (!rule.parts.includes(part) && rule.pattern.test(code)) {
        found.push(`${path} uses ${rule.what}: only ${rule.where} may`);
      }
    }
  }
  return [...found, ...cycles(graph)];
}

/** The parts, and the parts that each may import besides itself and the ground floor. */
const mayImport: Record<string, readonly string[] | "everything"> = {
  base: [],
  statistics: ["base"],
  graph: [],
  text: [],
  evaluate: [],
  drift: [],
  people: [],
  report: ["evaluate", "data", "drift"],
  // The subpath's exports, which gather what stands in four folders.
  "evaluate/mod.ts": ["evaluate", "report", "people"],
  store: [],
  onnx: ["graph"],
  nn: ["graph"],
  // The interface, and what lies beside it for all three.
  backend: ["graph"],
  "backend/interp": ["graph", "backend"],
  "backend/gpu": ["graph", "backend"],
  "backend/ort": ["graph", "onnx", "backend"],
  data: ["text"],
  bundle: ["text", "drift"],
  models: ["graph", "nn"],
  tasks: ["text", "data", "evaluate", "drift"],
  "tasks/train": ["tasks", "text", "data", "evaluate", "drift", "graph", "nn", "models"],
  train: ["graph", "nn", "backend/interface.ts"],
  serve: ["tasks", "bundle", "text", "drift", "backend/interface.ts", "backend/ort/load.ts"],
  track: ["store", "bundle"],
  registry: ["store", "bundle"],
  lifecycle: [
    ...["tasks", "tasks/train", "train", "serve", "registry", "track", "store", "bundle", "models"],
    ...["text", "data", "evaluate", "drift", "graph", "nn", "onnx", "backend/interface.ts"],
  ],
  routes: ["serve", "drift", "evaluate", "report", "people", "track", "registry", "store"],
  cli: "everything",
  "mod.ts": "everything",
};

/** The ground floor, which all other parts may import. */
const ground = ["base", "statistics"];

/** The files of `src/tasks` that build graphs; the others are what is served, and small enough for the edge. */
const trainsTasks = /^src\/tasks\/(train(ed|ing)|model|collate)\.ts$|^src\/tasks\/[^/]+\/train\.ts$/;

/** Packages that only some parts may import. */
const onlyPackages = [
  { pattern: /^onnxruntime-/, parts: ["backend/ort"], where: "backend/ort" },
  { pattern: /^(@hono\/|hono($|\/))/, parts: ["routes"], where: "routes" },
  {
    pattern: /^(node:sqlite|sqlite3|better-sqlite3|kysely|pg|postgres|mysql2|tedious)($|\/)/,
    parts: ["store"],
    where: "store",
  },
];

/** Expressions that only some parts may use. */
const onlyCode = [
  {
    what: "navigator.gpu",
    pattern:
      /\bnavigator\s*(\?\.|!?\.)\s*gpu\b|\bnavigator\s*(\?\.)?\[|\bgpu\b[^{}]*\}\s*=\s*(globalThis\.)?navigator\b/,
    parts: ["backend/gpu"],
    where: "backend/gpu",
  },
  { what: "console", pattern: /\bconsole\s*(\?\.|\.|\[)/, parts: ["cli"], where: "cli" },
];

/** Files that work on any op alike, and the kinds of node that are none. */
const namesNoOp = /^src\/(backend\/gpu\/(?!rules\/|kernels\/)|train\/)/;
const leaves = ["input", "state", "constant"];

/** Which part of the design a file belongs to. */
function partOf(path: string): string | undefined {
  const [top, second, third] = path.split("/");
  if (top === "mod.ts" || top === "models" || top === "routes") return top;
  if (path === "src/evaluate/mod.ts") return "evaluate/mod.ts";
  if (trainsTasks.test(path)) return "tasks/train";
  if (top !== "src" || second === undefined) return undefined;
  const part = second === "backend" && !third?.endsWith(".ts") ? `backend/${third}` : second;
  return part !== "mod.ts" && Object.hasOwn(mayImport, part) ? part : undefined;
}

function forbidden(part: string, target: string): string | undefined {
  // Data, such as the version in deno.json, has no layer.
  if (target.endsWith(".json")) return undefined;
  const other = partOf(target);
  if (other === undefined) return "it lies outside the parts of the design";
  const allowed = mayImport[part];
  if (other === part || allowed === "everything") return undefined;
  if (!ground.includes(part) && ground.includes(other)) return undefined;
  if (allowed.includes(other)) return undefined;
  // Single files of a part: the backends' interface, and the loader of ONNX Runtime that serve's Workers share with backend/ort.
  if (allowed.some((path) => target === `src/${path}`)) return undefined;
  return `${part} may import ${allowed.length === 0 ? "nothing of ours" : allowed.join(", ") + " only"}`;
}

function forbiddenPackage(part: string, specifier: string): string | undefined {
  if (/^(jsr|https?|npm|data|blob):/.test(specifier)) {
    return "import npm packages by the bare name in package.json";
  }
  const rule = onlyPackages.find((rule) => rule.pattern.test(specifier));
  if (specifier === "onnxruntime-node" && rule?.parts.includes(part)) {
    return "call importNative, since a bundler would follow a literal to machine code";
  }
  return rule === undefined || rule.parts.includes(part) ? undefined : `only ${rule.where} may`;
}

/** Each cycle once, as the path around it. */
function cycles(graph: Map<string, string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  function visit(path: string): void {
    const at = trail.indexOf(path);
    if (at >= 0) found.push(`import cycle: ${[...trail.slice(at), path].join(" -> ")}`);
    if (at >= 0 || done.has(path)) return;
    trail.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    trail.pop();
    done.add(path);
  }
  for (const path of graph.keys()) visit(path);
  return found;
}

function resolvePath(from: string, specifier: string): string {
  return decodeURI(new URL(specifier, `file:///${from}`).pathname.slice(1));
}

/** An import with a literal specifier; `url` is a Worker's script or a file next to the module. */
export interface Import {
  specifier: string;
  kind: "import" | "url";
}

/** What a source imports, its code with comments and the contents of strings taken out, and the ops it compares with. */
export function scan(
  source: string,
): { code: string; imports: Import[]; computed: boolean; ops: string[] } {
  const strings: string[] = [];
  const code = source.replace(lexeme, (text, quoted: string | undefined, before: string | undefined) => {
    if (text.startsWith("/")) return " ";
    if (quoted === undefined) return `${before ?? ""} `; // a regular expression
    return `"${strings.push(quoted.slice(1, -1)) - 1}"`;
  });
  const all = (pattern: RegExp) => [...code.matchAll(pattern)].map((match) => strings[Number(match[1])]);
  const imported = [
    ...all(/\bfrom\s*"(\d+)"/g),
    ...all(/\bimport\s*"(\d+)"/g),
    ...all(/\bimport\s*\(\s*"(\d+)"/g),
  ];
  const urls = [
    ...all(/\bnew\s+URL\(\s*"(\d+)"\s*,\s*import\.meta\.url/g),
    ...all(/\bimport\.meta\.resolve\(\s*"(\d+)"/g),
  ]
    .filter((specifier) => /\.(ts|tsx|js|mjs)$/.test(specifier) || !specifier.startsWith("."));
  return {
    code,
    imports: [
      ...imported.map((specifier): Import => ({ specifier, kind: "import" })),
      ...urls.map((specifier): Import => ({ specifier, kind: "url" })),
    ],
    computed: /\bimport\s*\(\s*[^"\s)]/.test(code),
    ops: all(/\.op\s*[!=]==?\s*"(\d+)"/g),
  };
}

// Comments, strings, templates, and regular expressions (a slash where no operand stands before it), whichever begins first.
const lexeme = new RegExp(
  [
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`\/\/[^\n]*`,
    String.raw`("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|${"`"}(?:\\[\s\S]|[^${"`"}\\])*${"`"})`,
    String
      .raw`((?:[=(,:;!&|?{}\[\n]|=>|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+\/[a-z]*`,
  ].join("|"),
  "g",
);
