// Reader of VHX1, the server's compact hexagon tile: cell ids, corners, and counts per time bin. docs: tiles/compact.go.

export interface HexTile {
  res: number
  bins: number
  from: number // s since 1970
  to: number
  version: number
  ids: Float64Array // compact ids, ascending
  corners: Uint32Array // corners of cell i: [corners[i], corners[i+1])
  xy: Float32Array // corner positions, 1/16384 of the tile, y down
  /** Row i: counts of cell i up to each bin, `bins + 1` values, the first 0. */
  sums: Uint16Array | Uint32Array
  /** Per cell the count of protected families over the fixed period, which no bin holds; empty without such families. */
  fixed: Uint32Array
  /** Per cell why a part of its count is hidden: 0 nothing is, 1 below k, 2 withheld; empty where nothing can be. */
  hidden: Uint8Array
  /** The threshold below which counts are hidden; 0 without protected families. */
  k: number
}

/** Length of a tile in the units of `xy`. */
export const tileUnits = 16384

class Cursor {
  at = 48
  constructor(private bytes: Uint8Array) {}

  u8(): number {
    if (this.at >= this.bytes.length) throw new Error('VHX1: truncated')
    return this.bytes[this.at++]
  }

  /** Unsigned LEB128 up to 2^53: by multiplication, since shifts stop at 32 bits. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.u8()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new Error('VHX1: number too long')
  }

  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

/** Parses a tile; throws on anything that is not one. */
export function parseTile(buffer: ArrayBuffer): HexTile {
  const view = new DataView(buffer)
  if (buffer.byteLength < 48 || view.getUint32(0, false) !== 0x56485831) throw new Error('VHX1: not a hexagon tile')
  const bins = view.getUint16(6, true)
  const cells = view.getUint32(8, true)
  const vertices = view.getUint32(16, true)
  // Every cell takes at least two bytes, every corner two: a longer promise is a lie that must not reserve memory.
  if (cells * 2 > buffer.byteLength || vertices * 2 > buffer.byteLength) throw new Error('VHX1: truncated')
  const cursor = new Cursor(new Uint8Array(buffer))
  const ids = readIds(cursor, cells)
  const corners = readCorners(cursor, cells, vertices)
  const xy = readPositions(cursor, corners)
  const sums = readSums(cursor, cells, bins)
  const isProtected = (view.getUint8(5) & 1) === 1
  return {
    res: view.getUint8(4),
    bins,
    from: Number(view.getBigInt64(24, true)),
    to: Number(view.getBigInt64(32, true)),
    version: Number(view.getBigUint64(40, true)),
    ids,
    corners,
    xy,
    sums,
    ...readProtected(cursor, isProtected ? cells : 0, isProtected),
  }
}

/** Section 5, which only tiles with protected families have. */
function readProtected(cursor: Cursor, cells: number, there: boolean): Pick<HexTile, 'fixed' | 'hidden' | 'k'> {
  const [fixed, hidden] = [new Uint32Array(cells), new Uint8Array(cells)]
  const k = there ? cursor.u8() : 0
  for (let i = 0; i < cells; i++) {
    fixed[i] = cursor.varint()
    hidden[i] = cursor.u8()
    if (hidden[i] > 2) throw new Error('VHX1: unknown reason to hide')
  }
  return { fixed, hidden, k }
}

function readIds(cursor: Cursor, cells: number): Float64Array {
  const ids = new Float64Array(cells)
  for (let i = 0, id = 0; i < cells; i++) ids[i] = id += cursor.varint()
  return ids
}

function readCorners(cursor: Cursor, cells: number, vertices: number): Uint32Array {
  const corners = new Uint32Array(cells + 1)
  for (let i = 0; i < cells; i++) corners[i + 1] = corners[i] + cursor.u8()
  if (corners[cells] !== vertices) throw new Error('VHX1: corners do not add up')
  return corners
}

function readPositions(cursor: Cursor, corners: Uint32Array): Float32Array {
  const cells = corners.length - 1
  const xy = new Float32Array(corners[cells] * 2)
  let cellX = 0
  let cellY = 0
  for (let i = 0; i < cells; i++) {
    let x = cellX
    let y = cellY
    for (let v = corners[i]; v < corners[i + 1]; v++) {
      x += cursor.zigzag()
      y += cursor.zigzag()
      if (v === corners[i]) [cellX, cellY] = [x, y]
      xy[2 * v] = x
      xy[2 * v + 1] = y
    }
  }
  return xy
}

/** Running sums per cell, in 16 bits when the largest fits, which halves the texture. */
function readSums(cursor: Cursor, cells: number, bins: number): Uint16Array | Uint32Array {
  const row = bins + 1
  const sums = new Uint32Array(cells * row)
  let largest = 0
  for (let i = 0; i < cells; i++) {
    let total = 0
    let filled = 1 // the next position of the row to write
    let bin = 0
    for (let entry = 0, entries = cursor.varint(); entry < entries; entry++) {
      bin += cursor.varint()
      if (bin >= bins) throw new Error('VHX1: bin out of range')
      sums.fill(total, i * row + filled, i * row + bin + 1)
      total += cursor.varint()
      cursor.varint() // weight in thousandths: not drawn
      sums[i * row + bin + 1] = total
      filled = bin + 2
    }
    sums.fill(total, i * row + filled, (i + 1) * row)
    largest = Math.max(largest, total)
  }
  return largest < 65536 ? Uint16Array.from(sums) : sums
}

/** Count of cell number i in the bins [first, last). */
export function countIn(tile: HexTile, i: number, first: number, last: number): number {
  const row = i * (tile.bins + 1)
  return tile.sums[row + last] - tile.sums[row + first]
}

/** Number of the cell that holds the point (tile units), or -1. */
export function cellAt(tile: HexTile, x: number, y: number): number {
  for (let i = 0; i < tile.ids.length; i++) if (holds(tile, i, x, y)) return i
  return -1
}

function holds(tile: HexTile, i: number, x: number, y: number): boolean {
  const { xy, corners } = tile
  let inside = false
  for (let a = corners[i], b = corners[i + 1] - 1; a < corners[i + 1]; b = a++) {
    const [ax, ay, bx, by] = [xy[2 * a], xy[2 * a + 1], xy[2 * b], xy[2 * b + 1]]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}
