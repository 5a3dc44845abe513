// H3 cells as the tiles name them: the compact id (base cell and digits, at most 52 bits) and the usual hexadecimal text.

const bits = (res: number) => 3n * BigInt(15 - res)

/** The hexadecimal H3 index of a compact id. */
export function cellText(id: number, res: number): string {
  const unused = bits(res)
  return ((1n << 59n) | (BigInt(res) << 52n) | (BigInt(id) << unused) | ((1n << unused) - 1n)).toString(16)
}

/** The compact id and the resolution of a hexadecimal index; undefined for text that is not a cell. */
export function parseCell(text: string): { id: number; res: number } | undefined {
  if (!/^8[0-9a-f]{14}$/.test(text)) return undefined
  const index = BigInt('0x' + text)
  const res = Number((index >> 52n) & 15n)
  const unused = bits(res)
  if ((index & ((1n << unused) - 1n)) !== (1n << unused) - 1n) return undefined
  const id = Number((index & ((1n << 52n) - 1n)) >> unused)
  return { id, res }
}

/** Mean area of a hexagon in m², by resolution: published by the H3 project. */
export const meanArea = [
  4357449416078, 609788441794, 86801780399, 12393434655, 1770347654, 252903858, 36129062, 5161293, 737328, 105333,
  15048, 2150, 307, 44, 6, 1,
]

/** The resolution drawn at a zoom of the map; the server's tiles follow the same table. */
export function resolutionForZoom(zoom: number): number {
  const z = Math.floor(zoom)
  if (z <= 3) return 3
  if (z >= 15) return 11
  return [4, 4, 5, 5, 6, 7, 8, 8, 9, 10, 10][z - 4]
}
