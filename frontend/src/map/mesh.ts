// One tile on the graphics card: a fan of triangles per hexagon and a texture of running sums.
import type { HexTile } from './vhx'

const textureWidth = 4096

export interface Mesh {
  vao: WebGLVertexArrayObject
  buffers: WebGLBuffer[]
  texture: WebGLTexture
  indices: number
}

/** Fans: per cell its centre, then its corners. Returns interleaved attributes and triangle indices. */
export function fans(tile: HexTile): { attributes: ArrayBuffer; indices: Uint32Array } {
  const cells = tile.ids.length
  const corners = tile.corners[cells]
  const attributes = new ArrayBuffer((corners + cells) * 16)
  const floats = new Float32Array(attributes)
  const ints = new Uint32Array(attributes)
  const indices = new Uint32Array(corners * 3)
  let vertex = 0
  let index = 0
  for (let i = 0; i < cells; i++) {
    const first = tile.corners[i]
    const n = tile.corners[i + 1] - first
    // The two highest bits say why a part of the count is hidden.
    const name = i + (tile.hidden[i] ?? 0) * 2 ** 30
    let [cx, cy] = [0, 0]
    for (let v = 0; v < n; v++) {
      const [x, y] = [tile.xy[2 * (first + v)], tile.xy[2 * (first + v) + 1]]
      cx += x / n
      cy += y / n
      put(vertex + 1 + v, x, y, name, 0)
      indices.set([vertex, vertex + 1 + v, vertex + 1 + ((v + 1) % n)], index)
      index += 3
    }
    put(vertex, cx, cy, name, 1)
    vertex += n + 1
  }
  function put(at: number, x: number, y: number, cell: number, centre: number) {
    floats[at * 4] = x
    floats[at * 4 + 1] = y
    ints[at * 4 + 2] = cell
    floats[at * 4 + 3] = centre
  }
  return { attributes, indices }
}

/** Uploads a tile. Only to be called while the map draws: it leaves GL state behind, which the map then resets. */
export function upload(gl: WebGL2RenderingContext, tile: HexTile): Mesh {
  const { attributes, indices } = fans(tile)
  const vao = gl.createVertexArray()
  gl.bindVertexArray(vao)
  const vertexBuffer = gl.createBuffer()
  gl.bindBuffer(gl.ARRAY_BUFFER, vertexBuffer)
  gl.bufferData(gl.ARRAY_BUFFER, attributes, gl.STATIC_DRAW)
  gl.enableVertexAttribArray(0)
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 16, 0)
  gl.enableVertexAttribArray(1)
  gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, 16, 8)
  gl.enableVertexAttribArray(2)
  gl.vertexAttribPointer(2, 1, gl.FLOAT, false, 16, 12)
  const indexBuffer = gl.createBuffer()
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indexBuffer)
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW)
  gl.bindVertexArray(null)
  return { vao, buffers: [vertexBuffer, indexBuffer], texture: uploadSums(gl, tile), indices: indices.length }
}

/** The running sums and, after them, the counts that do not follow the bins. */
function uploadSums(gl: WebGL2RenderingContext, { sums, fixed }: HexTile): WebGLTexture {
  const rows = Math.max(1, Math.ceil((sums.length + fixed.length) / textureWidth))
  const short = sums instanceof Uint16Array && fixed.every((count) => count < 65536)
  const padded = short ? new Uint16Array(rows * textureWidth) : new Uint32Array(rows * textureWidth)
  padded.set(sums)
  padded.set(fixed, sums.length)
  const texture = gl.createTexture()
  gl.activeTexture(gl.TEXTURE0)
  gl.bindTexture(gl.TEXTURE_2D, texture)
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false)
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false)
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1)
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST)
  }
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
    gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE)
  }
  const [format, type] = short ? [gl.R16UI, gl.UNSIGNED_SHORT] : [gl.R32UI, gl.UNSIGNED_INT]
  gl.texImage2D(gl.TEXTURE_2D, 0, format, textureWidth, rows, 0, gl.RED_INTEGER, type, padded)
  return texture
}

export function remove(gl: WebGL2RenderingContext, mesh: Mesh): void {
  gl.deleteVertexArray(mesh.vao)
  for (const buffer of mesh.buffers) gl.deleteBuffer(buffer)
  gl.deleteTexture(mesh.texture)
}
