import { describe, expect, it } from 'vitest'
import { cellText, parseCell, resolutionForZoom } from '../src/map/cell'
import { tileMatrix } from '../src/map/hexagons'
import { fans } from '../src/map/mesh'
import { cover, tilePoint } from '../src/map/tiles'
import { cellAt, countIn, parseTile } from '../src/map/vhx'

/** A writer of the format, by its description: the reader is checked against it, and fuzzed below. */
function encode(
  cells: { id: number; corners: [number, number][]; counts: [number, number][]; fixed?: [number, number] }[],
  bins: number,
  k?: number,
) {
  const body: number[] = []
  const varint = (n: number) => {
    for (; n >= 128; n = Math.floor(n / 128)) body.push((n % 128) | 128)
    body.push(n)
  }
  const zigzag = (n: number) => varint(n < 0 ? -2 * n - 1 : 2 * n)
  cells.forEach(({ id }, i) => varint(id - (cells[i - 1]?.id ?? 0)))
  for (const { corners } of cells) body.push(corners.length)
  let [cellX, cellY] = [0, 0]
  for (const { corners } of cells) {
    let [x, y] = [cellX, cellY]
    for (const [nextX, nextY] of corners) {
      zigzag(nextX - x)
      zigzag(nextY - y)
      ;[x, y] = [nextX, nextY]
    }
    ;[cellX, cellY] = corners[0]
  }
  let entries = 0
  for (const { counts } of cells) {
    varint(counts.length)
    let before = 0
    for (const [bin, count] of counts) {
      varint(bin - before)
      varint(count)
      varint(Math.round(count * 125))
      before = bin
      entries++
    }
  }
  if (k !== undefined) {
    body.push(k)
    for (const { fixed } of cells) {
      varint(fixed?.[0] ?? 0)
      body.push(fixed?.[1] ?? 0)
    }
  }
  const bytes = new Uint8Array(48 + body.length)
  const view = new DataView(bytes.buffer)
  bytes.set([86, 72, 88, 49, 8, k === undefined ? 0 : 1])
  view.setUint16(6, bins, true)
  view.setUint32(8, cells.length, true)
  view.setUint32(12, entries, true)
  view.setUint32(
    16,
    cells.reduce((sum, { corners }) => sum + corners.length, 0),
    true,
  )
  view.setBigInt64(24, 1_640_991_600n, true)
  view.setBigInt64(32, 1_735_686_000n, true)
  view.setBigUint64(40, 7n, true)
  bytes.set(body, 48)
  return bytes.buffer
}

const hexagon = (x: number, y: number, r: number): [number, number][] =>
  [0, 1, 2, 3, 4, 5].map((i) => [
    Math.round(x + r * Math.cos((i * Math.PI) / 3)),
    Math.round(y - r * Math.sin((i * Math.PI) / 3)),
  ])

const sample = () =>
  encode(
    [
      {
        id: 5,
        corners: hexagon(1000, 1000, 300),
        counts: [
          [0, 2],
          [3, 70000],
        ],
      },
      { id: 2 ** 40 + 3, corners: hexagon(-120, 16000, 300).slice(0, 5), counts: [[9, 1]] },
    ],
    10,
  )

describe('parseTile', () => {
  const tile = parseTile(sample())
  it('reads the head and the ids', () => {
    expect(tile).toMatchObject({ res: 8, bins: 10, from: 1_640_991_600, to: 1_735_686_000, version: 7 })
    expect([...tile.ids]).toEqual([5, 2 ** 40 + 3])
    expect([...tile.corners]).toEqual([0, 6, 11])
  })
  it('reads the corners', () => {
    expect([...tile.xy.slice(0, 12)]).toEqual(hexagon(1000, 1000, 300).flat())
    expect([...tile.xy.slice(12)]).toEqual(hexagon(-120, 16000, 300).slice(0, 5).flat())
  })
  it('sums the counts, in 32 bits when they need them', () => {
    expect(tile.sums).toBeInstanceOf(Uint32Array)
    expect([...tile.sums.slice(0, 11)]).toEqual([0, 2, 2, 2, 70002, 70002, 70002, 70002, 70002, 70002, 70002])
    expect(countIn(tile, 0, 1, 10)).toBe(70000)
    expect(countIn(tile, 1, 0, 9)).toBe(0)
    expect(countIn(tile, 1, 9, 10)).toBe(1)
  })
  it('finds the cell under a point', () => {
    expect(cellAt(tile, 1000, 1000)).toBe(0)
    expect(cellAt(tile, 1290, 1000)).toBe(0)
    expect(cellAt(tile, 1290, 1200)).toBe(-1)
    expect(cellAt(tile, -200, 15990)).toBe(1)
  })
  it('makes a fan of triangles per cell', () => {
    const { indices, attributes } = fans(tile)
    expect(indices).toHaveLength(11 * 3)
    expect(attributes.byteLength).toBe((11 + 2) * 16)
    expect(Math.max(...indices)).toBe(12)
  })
  it('reads what is told of protected families, which no bin holds', () => {
    expect([tile.fixed.length, tile.hidden.length, tile.k]).toEqual([0, 0, 0])
    const corners = hexagon(1000, 1000, 300)
    const cells = [
      { id: 5, corners, counts: [[0, 2]] as [number, number][], fixed: [300, 0] as [number, number] },
      { id: 6, corners, counts: [], fixed: [0, 1] as [number, number] },
      { id: 9, corners, counts: [[1, 1]] as [number, number][], fixed: [0, 2] as [number, number] },
    ]
    const read = parseTile(encode(cells, 2, 5))
    expect([...read.fixed]).toEqual([300, 0, 0])
    expect([...read.hidden]).toEqual([0, 1, 2])
    expect(read.k).toBe(5)
    expect([0, 1, 2].map((i) => countIn(read, i, 0, 2))).toEqual([2, 0, 1])
  })
  it('reads an empty tile', () => expect(parseTile(encode([], 3)).ids).toHaveLength(0))
})

describe('hostile tiles', () => {
  it('are refused, never read beyond their end, whatever byte is lost or changed', () => {
    const good = new Uint8Array(sample())
    for (let length = 0; length < good.length; length++) {
      expect(() => parseTile(good.slice(0, length).buffer)).toThrow()
    }
    let seed = 1
    for (let round = 0; round < 5000; round++) {
      const bad = good.slice()
      for (let n = 0; n < 3; n++) {
        seed = (seed * 1103515245 + 12345) % 2 ** 31
        bad[6 + (seed % (bad.length - 6))] = seed >> 8
      }
      try {
        const tile = parseTile(bad.buffer)
        expect(tile.sums.length).toBe(tile.ids.length * (tile.bins + 1))
      } catch (error) {
        expect(String(error)).toMatch(/VHX1|RangeError/)
      }
    }
  })
})

it.each(['8928308280fffff', '83754efffffffff', '8b1fb46622dcfff', '821c07fffffffff'])('names cell %s', (text) => {
  const { id, res } = parseCell(text) as { id: number; res: number }
  expect(cellText(id, res)).toBe(text)
  expect(Number.isSafeInteger(id)).toBe(true)
})

it.each(['', '8928308280ffff', '9928308280fffff', '8928308280ffff0', 'x928308280fffff'])('refuses cell %s', (text) =>
  expect(parseCell(text)).toBeUndefined(),
)

it('follows the zoom like the server', () => {
  const table = [3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 8, 9, 10, 10, 11, 11]
  expect(table.map((_, zoom) => resolutionForZoom(zoom + 0.9))).toEqual(table)
})

it('covers the view with tiles, the middle first, and a little beyond the rim', () => {
  const [x, y] = tilePoint(1.5, 43.5, 10)
  expect([Math.floor(x), Math.floor(y)]).toEqual([516, 374])
  const tiles = cover({ zoom: 10.9, bounds: [1.41, 43.46, 1.75, 43.57] })
  expect(tiles[0]).toEqual({ z: 10, x: 516, y: 374 })
  expect(tiles).toContainEqual({ z: 10, x: 515, y: 374 })
  expect(cover({ zoom: 19, bounds: [1, 43, 1.0001, 43.0001] })[0].z).toBe(15)
})

it('places a tile in double precision', () => {
  const identity = Float64Array.from([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
  const matrix = tileMatrix(identity, { z: 1, x: 1, y: 0 })
  expect(matrix[0] * 16384 + matrix[12]).toBeCloseTo(1)
  expect(matrix[5] * 16384 + matrix[13]).toBeCloseTo(0.5)
})
