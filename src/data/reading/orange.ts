/**
 * The three rows of header of Orange's tables.
 *
 * @module
 */

/** What stands in the second row, and what in the third. */
const TYPES = /^(c|continuous|d|discrete|s|string|t|time|b|basket|)$/i;
const FLAGS = /^(class|c|meta|m|ignore|i|weight|w|)(\s+[\w-]+=.*)?$/i;

/**
 * The names of the columns where the rows below the names are an Orange table's types and roles: the class is called `label`
 * unless another column is. null: they are rows of data.
 *
 * Source: Orange Data Mining's documentation, "Loading your Data": the three-row header of .tab files.
 */
export function orangeColumns(
  names: readonly string[],
  [types, flags]: readonly (readonly string[])[],
): { readonly names: readonly string[] } | null {
  // A discrete column may list its values instead.
  const isTypes = types.every((type) => TYPES.test(type) || /^\S+( \S+)+$/.test(type));
  if (!isTypes || !types.some((type) => type !== "" && TYPES.test(type))) return null;
  if (!flags.every((flag) => FLAGS.test(flag)) || !flags.some((flag) => /^(class|meta)\b/i.test(flag))) {
    return null;
  }
  const label = flags.findIndex((flag) => /^c(lass)?\b/i.test(flag));
  return {
    names: label < 0 || names.includes("label")
      ? names
      : names.map((name, i) => i === label ? "label" : name),
  };
}
