/** Draws trees like those of `tree` and `kubectl tree`. */

/** @returns the prefix of each line with its node, in order; roots have no prefix */
export function treeRows<T>(
  roots: readonly T[],
  childrenOf: (node: T) => readonly T[],
): readonly { readonly indent: string; readonly node: T }[] {
  const below = (node: T, indent: string): readonly { readonly indent: string; readonly node: T }[] => {
    const children = childrenOf(node);
    return children.flatMap((child, index) => {
      const isLast = index === children.length - 1;
      const rows = below(child, `${indent}${isLast ? "   " : "│  "}`);
      return [{ indent: `${indent}${isLast ? "└─ " : "├─ "}`, node: child }, ...rows];
    });
  };
  return roots.flatMap((root) => [{ indent: "", node: root }, ...below(root, "")]);
}
