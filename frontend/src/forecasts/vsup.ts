// The value-suppressing palette: the less certain a forecast is, the fewer colours tell it apart, until a single one is
// left. Correll, Moritz & Heer, “Value-Suppressing Uncertainty Palettes”, CHI 2018.
import type { ExpressionSpecification } from 'maplibre-gl'
import type { Theme } from '../map/ramp'

/** Classes of uncertainty, from certain to not: how many colours each has. */
export const colours = [4, 2, 1] as const

/** Upper limits of the width of the 80 % interval over the forecast, of all classes but the last. */
export const widths = [1, 3] as const

/** The finest classes of values; rougher ones join neighbours. */
export const classes = colours[0]

// A cold ramp, so that nobody takes a forecast for the warm hexagons of facts. From row to row it fades into grey.
const ramps: Record<Theme, string[][]> = {
  day: [['#c9e3f0', '#74b3d8', '#2f78b5', '#123a73'], ['#bccbd6', '#5f7c99'], ['#b4b8bd']],
  night: [['#1d3f63', '#2f78b5', '#74b8e0', '#d3edfa'], ['#33475a', '#8fa9bd'], ['#5a636d']],
}

/** The colour of a class of values at a class of uncertainty. */
export function colourOf(theme: Theme, value: number, uncertainty: number): string {
  const row = Math.min(uncertainty, colours.length - 1)
  return ramps[theme][row][Math.floor((value * colours[row]) / classes)]
}

/** The class of a value under limits, each the lower end of the next class. */
export const classOf = (limits: readonly number[], value: number) => limits.filter((limit) => value >= limit).length

/** The class of uncertainty of a relative width. */
export const uncertaintyOf = (width: number) => classOf(widths, width)

const steps = [1, 2, 5]

/** The number of one digit (1, 2 or 5) nearest to a value, in proportion. */
export function rounded(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const all = [...steps, 10].map((step) => step * power)
  return Number(
    all.reduce((a, b) => (Math.abs(Math.log(b / value)) < Math.abs(Math.log(a / value)) ? b : a)).toPrecision(6),
  )
}

/**
 * The limits between the classes of values, from what is forecast for the best places of the whole run: they do not
 * depend on the view or on a filter. Each is half of the next or less.
 */
export function limitsOf(best: number): number[] {
  if (!(best > 0)) return [1, 2, 4]
  const top = rounded(best / 2)
  return [rounded(top / 4), rounded(top / 2), top]
}

/** A case of the map: the first colour whose condition holds. */
export function paint(
  theme: Theme,
  limits: readonly number[],
  value: ExpressionSpecification,
  width: ExpressionSpecification,
): ExpressionSpecification {
  const row = (uncertainty: number) => [
    'step',
    value,
    colourOf(theme, 0, uncertainty),
    ...limits.flatMap((limit, i) => [limit, colourOf(theme, i + 1, uncertainty)]),
  ]
  return ['step', width, row(0), ...widths.flatMap((limit, i) => [limit, row(i + 1)])] as ExpressionSpecification
}
