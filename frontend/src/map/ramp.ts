// Colours and class limits of the hexagons. The limits depend on the resolution and on the whole of the data, never on
// the filters: a pale map means fewer events, not another scale.

export type Theme = 'day' | 'night'
export type Rgb = [number, number, number]

export const classes = 6

// Luminance falls (day) or rises (night) from class to class, so that the order survives every colour blindness and a
// black-and-white print.
const ramps: Record<Theme, string[]> = {
  day: ['#fff0c4', '#f8cf6d', '#e79b3c', '#c85f3b', '#8f2f5c', '#451760'],
  night: ['#41307a', '#7d3288', '#bf4577', '#ea6f4f', '#f9ab42', '#fdee85'],
}

// Outlines hold 3:1 against the base map, which the palest class alone does not.
const outlines: Record<Theme, string> = { day: '#4d5563', night: '#aab4c4' }
const selections: Record<Theme, [string, string]> = { day: ['#0b1f33', '#ffffff'], night: ['#ffffff', '#0b1118'] }

// A calm grey beside the warm ramp, told apart by its lines and not by its colour.
const hatches: Record<Theme, [string, string]> = { day: ['#eceff2', '#75808c'], night: ['#1f2833', '#7f8c9c'] }

export const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as Rgb

export const colours = (theme: Theme): string[] => ramps[theme]
export const outline = (theme: Theme): string => outlines[theme]
/** Ground and lines of what is hidden. */
export const hatch = (theme: Theme): [string, string] => hatches[theme]
/** The ring of the chosen hexagon and the thin line within it. */
export const selection = (theme: Theme): [string, string] => selections[theme]

const steps = [1, 1.5, 2, 3, 4, 5, 6, 8, 10]

/** The round whole number nearest to a value, in proportion. */
export function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  const best = steps.reduce((a, b) =>
    Math.abs(Math.log((b * power) / value)) < Math.abs(Math.log((a * power) / value)) ? b : a,
  )
  return Math.ceil(best * power)
}

/** How full hexagons of a resolution are over the whole of the data: the tenth from below and the fullest. */
export interface Spread {
  low: number
  top: number
}

/**
 * Lower limits of the classes: 1, then round numbers in equal proportion. The second lies halfway, in proportion,
 * between what an even division from 1 gives and what a poor hexagon holds: the whole of the data uses most colours,
 * and a filter that leaves a tenth of the events still shows more than the palest.
 */
export function limits({ low, top }: Spread): number[] {
  const fullest = Math.max(1, top)
  const even = fullest ** (1 / classes)
  const start = Math.sqrt(even * Math.min(fullest, Math.max(low, even)))
  const result = [1]
  for (let i = 1; i < classes; i++) {
    const wanted = round(start * (fullest / start) ** ((i - 1) / (classes - 1)))
    result.push(Math.max(wanted, result[i - 1] + 1))
  }
  return result
}

/**
 * The spread of a list of the fullest hexagons out of `total`. The top is the fifth, so that one freak does not flatten
 * the rest; the low end of a list that was cut is guessed from its last.
 */
export function spreadOf(counts: number[], total: number): Spread {
  const sorted = [...counts].sort((a, b) => b - a)
  const at = Math.floor(total * 0.9)
  const low = sorted[at] ?? ((sorted.at(-1) ?? 1) * sorted.length) / Math.max(1, total)
  return { low: Math.max(1, low), top: sorted[Math.min(4, sorted.length - 1)] ?? 1 }
}
