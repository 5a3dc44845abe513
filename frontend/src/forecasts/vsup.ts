// The value-suppressing palette: the less certain a forecast is, the fewer colours tell it apart, until a single one is
// left. Correll, Moritz & Heer, “Value-Suppressing Uncertainty Palettes”, CHI 2018.
import type { ExpressionSpecification } from 'maplibre-gl'
import type { Theme } from '../map/ramp'

/** Classes of uncertainty, from certain to not: how many colours each has. */
export const colours = [8, 4, 2, 1] as const

/** Upper limits of the width of the 80 % interval over the forecast, of all classes but the last. */
export const widths = [3, 6, 12] as const

/** The finest classes of values; rougher ones join neighbours. */
export const classes = colours[0]

// A cold ramp, so that nobody takes a forecast for the warm hexagons of facts. From row to row it fades into grey.
const ramps: Record<Theme, string[][]> = {
  day: [
    ['#e3f2fb', '#c3e1f3', '#9ccbe9', '#71b0dc', '#468fc9', '#2670b0', '#16518c', '#0c3364'],
    ['#cfdfea', '#93b4ce', '#5b86aa', '#2f5a83'],
    ['#c2cdd6', '#6c8296'],
    ['#b6babf'],
  ],
  night: [
    ['#12304f', '#1b4570', '#245d94', '#3179b8', '#5098d3', '#7cb8e6', '#abd6f4', '#dcf1fd'],
    ['#213a54', '#3d6385', '#6e97b8', '#a8c8de'],
    ['#35485a', '#869fb3'],
    ['#5a636d'],
  ],
}

/** The colour of a class of values at a class of uncertainty. */
export function colourOf(theme: Theme, value: number, uncertainty: number): string {
  const row = Math.min(uncertainty, colours.length - 1)
  return ramps[theme][row][Math.floor((value * colours[row]) / classes)]
}

/** The class of a value under limits, each the lower end of the next class. */
export const classOf = (limits: readonly number[], value: number) => limits.filter((limit) => value >= limit).length

/** Half of the width of the 80 % interval of a normal variable, in standard deviations, both ways. */
const spread = 2 * 1.2816

/** The expectations from which a Poisson variable is in a surer class: its interval is about spread × √λ wide. */
export const floors = [...widths].reverse().map((factor) => (spread / factor) ** 2)

/**
 * The class of uncertainty of an expectation whose interval is of a class of tiles.UncertaintyClass (limits 1, 3 and 10). A
 * count is never surer than a Poisson variable of its mean: an interval of whole numbers that is only 0 would say that next
 * to nothing is sure, and that a little more is not.
 */
export const uncertaintyOf = (expected: number, width: number) =>
  Math.max(width - 1, widths.length - classOf(floors, expected))

const steps = [1, 2, 5]

/** The numbers 1, 2 and 5 of every power of ten: the n-th of them. */
const round = (n: number) => Number((steps[((n % 3) + 3) % 3] * 10 ** Math.floor(n / 3)).toPrecision(1))

/**
 * The limits between the classes of values, from what is forecast for the best place of the whole run: round numbers, each
 * about half of the next. They do not depend on the view or on a filter.
 */
export function limitsOf(best: number, n: number = classes): number[] {
  const most = best > 0 && Number.isFinite(best) ? best : 100
  let top = 3 * Math.floor(Math.log10(most)) + 3
  while (round(top) > most) top--
  return Array.from({ length: n - 1 }, (_, i) => round(top - (n - 2) + i))
}

/** The colour of a place on the map, from its value and its class of uncertainty. */
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
  return ['step', width, row(0), ...widths.flatMap((_, i) => [i + 1, row(i + 1)])] as ExpressionSpecification
}
