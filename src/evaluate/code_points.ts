/**
 * Order of two strings by code points, which is also that of their UTF-8 bytes: how Python's `sorted` and C's `strcmp` order
 * them. JavaScript's own order is by UTF-16 units and puts emoji before some rarer letters.
 */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    // a surrogate stands for a code point above every other unit
    if (x !== y) return (isSurrogate(x) ? x + 0x10000 : x) - (isSurrogate(y) ? y + 0x10000 : y);
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
