// Shaders of the hexagon layer and the small rite of compiling them.

const vertex = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
layout(location = 0) in vec2 corner;
layout(location = 1) in uint cell;
layout(location = 2) in float centre;
uniform mat4 matrix;
uniform usampler2D sums;
uniform int rowLength;
uniform ivec2 range;
uniform uint limits[6];
uniform vec3 colours[6];
uniform int chosen;
uniform int hovered;
uniform int fixedAt;
uniform vec3 paper;
flat out vec3 fill;
flat out int mark;
flat out int hatching;
out float inside;

uint texel(int at) {
  return texelFetch(sums, ivec2(at & 4095, at >> 12), 0).r;
}

void main() {
  // The two highest bits say why a part of the count is hidden: 1 below k, 2 withheld.
  int id = int(cell & 0x3fffffffu);
  hatching = int(cell >> 30);
  uint count = texel(id * rowLength + range.y) - texel(id * rowLength + range.x);
  if (fixedAt >= 0) count += texel(fixedAt + id);
  bool empty = count == 0u && hatching == 0;
  mark = id == chosen ? 2 : id == hovered ? 1 : 0;
  inside = centre;
  fill = count == 0u ? paper : colours[0];
  for (int i = 1; i < 6; i++) if (count >= limits[i]) fill = colours[i];
  // A hexagon without events collapses behind the camera.
  gl_Position = empty && mark != 2 ? vec4(0.0, 0.0, -2.0, 1.0) : matrix * vec4(corner, 0.0, 1.0);
  if (empty) mark = 3;
}`

// The distance to the rim in pixels is the interpolated share of the centre over its own rate of change.
const fragment = `#version 300 es
precision highp float;
uniform vec3 outline;
uniform vec3 ring;
uniform vec3 ringInner;
uniform float pixel;
uniform vec3 hatch;
flat in vec3 fill;
flat in int mark;
flat in int hatching;
in float inside;
out vec4 colour;

// Below k: a line every eight pixels of the screen; withheld: a dot. Thin, so that the colour of what is known stays.
float pattern() {
  vec2 at = gl_FragCoord.xy / pixel;
  if (hatching == 1) return 1.0 - smoothstep(0.6, 1.3, abs(mod(at.x - at.y, 8.0) - 4.0));
  return 1.0 - smoothstep(0.9, 1.7, length(mod(at + vec2(step(8.0, mod(at.y, 16.0)) * 4.0, 0.0), 8.0) - 4.0));
}

void main() {
  float radius = 1.0 / max(fwidth(inside), 1e-6) / pixel;
  float px = inside * radius;
  // On hexagons of a few pixels the outline would drown the colour.
  float width = mark >= 2 ? 3.5 : mark == 1 ? 2.0 : 0.7 * clamp((radius - 2.0) / 6.0, 0.0, 1.0);
  float rim = width > 0.0 ? 1.0 - smoothstep(width - 0.5, width + 0.5, px) : 0.0;
  float inner = mark >= 2 ? 1.0 - smoothstep(4.5, 5.5, px) : 0.0;
  float body = mark == 3 ? 0.0 : 0.82;
  vec4 base = vec4(mix(fill, ringInner, inner), max(body, inner));
  if (hatching > 0) {
    base = mix(base, vec4(hatch, 0.9), pattern());
  }
  vec3 edge = mark >= 1 ? ring : outline;
  vec4 mixed = mix(base, vec4(edge, mark >= 1 ? 1.0 : 0.85), rim);
  colour = vec4(mixed.rgb * mixed.a, mixed.a);
}`

const names = [
  'matrix',
  'sums',
  'rowLength',
  'range',
  'limits',
  'colours',
  'chosen',
  'hovered',
  'outline',
  'ring',
  'ringInner',
  'pixel',
  'fixedAt',
  'paper',
  'hatch',
] as const

export type Uniforms = Record<(typeof names)[number], WebGLUniformLocation | null>

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type)
  if (!shader) throw new Error('hexagons: no shader (context lost)')
  gl.shaderSource(shader, source)
  gl.compileShader(shader)
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
    throw new Error('hexagons: ' + gl.getShaderInfoLog(shader))
  }
  return shader
}

/** Compiles and links the hexagon program; throws the driver's message. */
export function link(gl: WebGL2RenderingContext): { program: WebGLProgram; uniforms: Uniforms } {
  const program = gl.createProgram()
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, vertex))
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, fragment))
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error('hexagons: ' + gl.getProgramInfoLog(program))
  }
  const uniforms = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)])) as Uniforms
  return { program, uniforms }
}
