// The hexagon layer: draws the shown tiles with the counts of the brushed bins. Moving the brush changes two uniforms.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from 'maplibre-gl'
import { upload, remove, type Mesh } from './mesh'
import { classes, colours, hatch, outline, rgb, selection, type Theme } from './ramp'
import { link, type Uniforms } from './shader'
import { tileUnits, type HexTile } from './vhx'

/** A tile at its place. */
export interface Placed {
  z: number
  x: number
  y: number
  tile: HexTile
}

export interface Drawing {
  tiles: Placed[]
  range: [number, number] // bins [first, last)
  limits: number[]
  theme: Theme
  chosen?: number // compact id, of resolution chosenRes
  chosenRes?: number
  hovered?: number
}

export const layerId = 'hexagons'

export class HexagonLayer implements CustomLayerInterface {
  readonly id = layerId
  readonly type = 'custom' as const
  readonly renderingMode = '2d' as const
  drawing: Drawing = {
    tiles: [],
    range: [0, 1],
    limits: Array.from({ length: classes }, (_, i) => i + 1),
    theme: 'day',
  }
  /** Script time of the last frame, ms: for the browser's benchmark. */
  lastFrame = 0
  private meshes = new Map<HexTile, Mesh>()
  private linked?: { program: WebGLProgram; uniforms: Uniforms }
  private map?: MapLibre

  onAdd(map: MapLibre, gl: WebGL2RenderingContext) {
    this.map = map
    // After a lost context the old handles mean nothing: start anew.
    this.meshes.clear()
    this.linked = link(gl)
  }

  onRemove(_map: MapLibre, gl: WebGL2RenderingContext) {
    for (const mesh of this.meshes.values()) remove(gl, mesh)
    this.meshes.clear()
    if (this.linked) gl.deleteProgram(this.linked.program)
    this.linked = undefined
  }

  /** Changes what is drawn, at the next frame. */
  draw(change: Partial<Drawing>) {
    this.drawing = { ...this.drawing, ...change }
    this.map?.triggerRepaint()
  }

  render(gl: WebGL2RenderingContext | WebGLRenderingContext, input: CustomRenderMethodInput) {
    if (!this.linked || !('texStorage2D' in gl)) return
    const start = performance.now()
    const { program, uniforms } = this.linked
    this.forget(gl)
    gl.useProgram(program)
    this.setCommon(gl, uniforms)
    for (const placed of this.drawing.tiles) {
      if (placed.tile.ids.length > 0) this.renderTile(gl, uniforms, placed, input.defaultProjectionData.mainMatrix)
    }
    gl.bindVertexArray(null)
    this.lastFrame = performance.now() - start
  }

  private setCommon(gl: WebGL2RenderingContext, uniforms: Uniforms) {
    const { limits, theme } = this.drawing
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
    gl.disable(gl.DEPTH_TEST)
    gl.disable(gl.STENCIL_TEST)
    gl.disable(gl.CULL_FACE)
    gl.uniform1i(uniforms.sums, 0)
    gl.uniform1uiv(uniforms.limits, limits)
    gl.uniform3fv(uniforms.colours, colours(theme).flatMap(rgb))
    gl.uniform3fv(uniforms.outline, rgb(outline(theme)))
    gl.uniform3fv(uniforms.ring, rgb(selection(theme)[0]))
    gl.uniform3fv(uniforms.ringInner, rgb(selection(theme)[1]))
    gl.uniform3fv(uniforms.paper, rgb(hatch(theme)[0]))
    gl.uniform3fv(uniforms.hatch, rgb(hatch(theme)[1]))
    gl.uniform1f(uniforms.pixel, this.map?.getPixelRatio() ?? 1)
  }

  private renderTile(gl: WebGL2RenderingContext, uniforms: Uniforms, placed: Placed, world: ArrayLike<number>) {
    const { tile } = placed
    let mesh = this.meshes.get(tile)
    if (!mesh) this.meshes.set(tile, (mesh = upload(gl, tile)))
    const { range, chosen, chosenRes, hovered } = this.drawing
    gl.uniformMatrix4fv(uniforms.matrix, false, tileMatrix(world, placed))
    gl.uniform1i(uniforms.rowLength, tile.bins + 1)
    gl.uniform2i(uniforms.range, Math.min(range[0], tile.bins - 1), Math.min(range[1], tile.bins))
    gl.uniform1i(uniforms.fixedAt, tile.fixed.length > 0 ? tile.sums.length : -1)
    gl.uniform1i(uniforms.chosen, chosenRes === tile.res ? indexOf(tile.ids, chosen) : -1)
    gl.uniform1i(uniforms.hovered, indexOf(tile.ids, hovered))
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_2D, mesh.texture)
    gl.bindVertexArray(mesh.vao)
    gl.drawElements(gl.TRIANGLES, mesh.indices, gl.UNSIGNED_INT, 0)
  }

  /** Frees the tiles that are no longer drawn. */
  private forget(gl: WebGL2RenderingContext) {
    const drawn = new Set(this.drawing.tiles.map(({ tile }) => tile))
    for (const [tile, mesh] of this.meshes) {
      if (drawn.has(tile)) continue
      remove(gl, mesh)
      this.meshes.delete(tile)
    }
  }
}

function indexOf(ids: Float64Array, id: number | undefined): number {
  return id === undefined ? -1 : ids.indexOf(id)
}

/** World matrix (mercator 0..1 to clip space) times the tile's place, multiplied in double precision. */
export function tileMatrix(world: ArrayLike<number>, { z, x, y }: { z: number; x: number; y: number }): Float32Array {
  const size = 2 ** -z
  const unit = size / tileUnits
  const matrix = new Float32Array(16)
  for (let row = 0; row < 4; row++) {
    matrix[row] = world[row] * unit
    matrix[4 + row] = world[4 + row] * unit
    matrix[8 + row] = world[8 + row]
    matrix[12 + row] = world[row] * x * size + world[4 + row] * y * size + world[12 + row]
  }
  return matrix
}
