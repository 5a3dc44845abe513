// The active filters in words, each with the way to take it back.
import type { App } from './app.svelte'
import { listFields, type ListField } from './filter'
import * as format from './format'
import { formatHours } from './hours'

export interface Chip {
  key: string
  text: string
  remove: () => void
}

/** One chip per value of a list, one for the hours, one for the period. */
export function filterChips(app: App): Chip[] {
  const { t, filter } = app
  const chips: Chip[] = []
  if (filter.period) {
    const { from, to } = filter.period
    const text = from === to ? format.day(t, from) : t.headline.period(format.day(t, from), format.day(t, to))
    chips.push({ key: 'period', text, remove: () => app.choosePeriod(undefined) })
  }
  if (formatHours(filter.hours)) {
    chips.push({
      key: 'hours',
      text: t.headline.hours(filter.hours.size),
      remove: () => app.change({ hours: new Set() }),
    })
  }
  const name: Record<ListField, (value: string) => string> = {
    category: (value) => format.categoryName(t, value),
    severity: (value) => format.severityName(t, value),
    source: (value) => app.meta?.sources?.find((source) => source.name === value)?.title ?? value,
    area: (value) => app.places[value] ?? value,
  }
  for (const field of listFields) {
    for (const value of filter[field]) {
      const remove = () => app.change({ [field]: filter[field].filter((other) => other !== value) })
      chips.push({ key: `${field} ${value}`, text: `${t.filters[field]} : ${name[field](value)}`, remove })
    }
  }
  for (const [key, values] of Object.entries(filter.attributes)) {
    for (const value of values) {
      const rest = values.filter((other) => other !== value)
      const remove = () => app.change({ attributes: { ...filter.attributes, [key]: rest } })
      const text = `${format.attributeName(t, key)} : ${format.valueName(t, value)}`
      chips.push({ key: `attr ${key} ${value}`, text, remove })
    }
  }
  return chips
}
