/**
 * Our sources, with a mark on the names of our own members: those esbuild may shorten.
 *
 * A name is ours where a class, interface or type of ours declares it, as the compiler sees it: `stroke` of a pen is ours,
 * `stroke` of a canvas is not. Never ours are keys of tables, which are strings in truth, and any name in protocol.ts: it
 * goes to Python. Whatever is ours in one place and another's in the next, or is looked up by a string, is a type error
 * in the marked sources, and fails the build.
 */
import { basename } from "node:path";
import * as is from "typescript/unstable/ast/is";
import { API } from "typescript/unstable/sync";

const PROTOCOL = "protocol.ts";
/** Their types tell how things are named elsewhere. */
const UNMARKED = [PROTOCOL, "lab.ts", "review.ts", "reviewkeys.ts"];

/** No name in the sources ends like this. */
const MARK = "$";
export const MARKED = /\$$/;

/** The text of each source by its path; `root` is this folder. */
export function markedSources(root) {
  const api = new API({ cwd: root });
  try {
    const project = projectOf(api, root);
    const files = project.program
      .getSourceFileNames()
      .filter((path) => path.startsWith(`${root}/src/`))
      .map((path) => project.program.getSourceFile(path));
    const marker = new Marker(project, files);
    const texts = new Map(files.filter(isMarked).map((file) => [file.fileName, marker.marked(file)]));
    check(root, texts);
    return texts;
  } finally {
    api.close();
  }
}

class Marker {
  constructor(project, files) {
    this.project = project;
    this.checker = project.checker;
    this.sources = new Set(files.filter(isMarked).map((file) => file.path));
    this.protocol = new Set();
    this.known = new Map();
    const protocol = files.find((file) => basename(file.fileName) === PROTOCOL);
    walk(protocol, (node) => isMember(node) && this.protocol.add(node.name.text));
  }

  marked(file) {
    const edits = [];
    walk(file, (node) => {
      const text = is.isIdentifier(node) ? this.name(node) : is.isLiteralTypeNode(node) ? this.literal(node) : undefined;
      if (text !== undefined) edits.push([node.getStart(file), node.end, text]);
    });
    let { text } = file;
    for (const [start, end, by] of edits.reverse()) text = text.slice(0, start) + by + text.slice(end);
    return text;
  }

  /** What is written instead of an identifier; undefined: it stays. */
  name(node) {
    const { parent, text } = node;
    const marked = text + MARK;
    const isNamed = parent.name === node;
    if (is.isBindingElement(parent) && is.isObjectBindingPattern(parent.parent)) {
      const isKey = parent.propertyName === node || (isNamed && !parent.propertyName && !parent.dotDotDotToken);
      if (!isKey) return isNamed ? undefined : this.value(node);
      if (!this.isOurs(this.memberOf(this.checker.getTypeAtLocation(parent.parent), text))) return undefined;
      return isNamed ? `${marked}: ${text}` : marked;
    }
    if (isNamed && is.isObjectLiteralExpression(parent.parent)) {
      const key = this.isOurs(this.memberOf(this.checker.getContextualType(parent.parent), text)) ? marked : text;
      if (!is.isShorthandPropertyAssignment(parent)) return key;
      const value = this.isOurs(this.checker.getShorthandAssignmentValueSymbol(parent)) ? marked : text;
      return key === value ? key : `${key}: ${value}`;
    }
    if (isNamed && isMember(parent)) return this.protocol.has(text) ? undefined : marked;
    return this.value(node);
  }

  /** A member that is read or written, or a constructor's parameter that is one too. */
  value(node) {
    return this.isOurs(this.checker.getSymbolAtLocation(node)) ? node.text + MARK : undefined;
  }

  /** Types["name"], and Pick<Types, "name"> and the like. */
  literal(node) {
    const whole = is.isUnionTypeNode(node.parent) ? node.parent : node;
    const { parent } = whole;
    const type = is.isIndexedAccessTypeNode(parent)
      ? parent.indexType === whole && parent.objectType
      : ["Pick", "Omit"].includes((parent.typeName ?? parent.expression)?.text) && parent.typeArguments[0];
    const name = type && node.literal.text;
    return name && this.isOurs(this.memberOf(this.checker.getTypeFromTypeNode(type), name)) ? `"${name}${MARK}"` : undefined;
  }

  memberOf(type, name) {
    return type && this.checker.getPropertyOfType(this.checker.getNonNullableType(type), name);
  }

  isOurs(symbol) {
    if (!symbol?.declarations.length || this.protocol.has(symbol.name)) return false;
    const declared = symbol.declarations.map(({ path, index }) => `${path} ${index}`).join();
    if (!this.known.has(declared)) {
      const isDeclared = (handle) => this.sources.has(handle.path) && isMember(handle.resolve(this.project));
      this.known.set(declared, symbol.declarations.every(isDeclared));
    }
    return this.known.get(declared);
  }
}

function isMarked(file) {
  return !UNMARKED.includes(basename(file.fileName));
}

/** Whether a node declares a member of a class, an interface or a type. */
function isMember(node) {
  if (is.isParameterDeclaration(node)) return !!node.modifiers?.length;
  if (is.isPropertySignatureDeclaration(node) || is.isMethodSignatureDeclaration(node)) return is.isIdentifier(node.name);
  const isOfClass =
    is.isPropertyDeclaration(node) ||
    is.isMethodDeclaration(node) ||
    is.isGetAccessorDeclaration(node) ||
    is.isSetAccessorDeclaration(node);
  return isOfClass && is.isIdentifier(node.name) && !is.isObjectLiteralExpression(node.parent);
}

function check(root, texts) {
  const api = new API({ cwd: root, fs: { readFile: (path) => texts.get(path) } });
  try {
    const { program } = projectOf(api, root);
    const told = [...texts].flatMap(([path, text]) =>
      [...program.getSyntacticDiagnostics(path), ...program.getSemanticDiagnostics(path)].map((error) => {
        const lines = text.slice(0, error.pos).split("\n");
        return `${path}:${lines.length}: ${error.text}\n    ${text.split("\n")[lines.length - 1].trim()}`;
      }),
    );
    if (told.length) throw new Error(`the sources with marked names have type errors:\n${told.join("\n")}`);
  } finally {
    api.close();
  }
}

function projectOf(api, root) {
  return api.updateSnapshot({ openProjects: [`${root}/tsconfig.json`] }).getProjects()[0];
}

function walk(node, act) {
  act(node);
  node.forEachChild((child) => walk(child, act));
}
