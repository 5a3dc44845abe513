import { describe, expect, it } from 'vitest'
import { en } from '../src/i18n/en'
import { fr } from '../src/i18n/fr'
import type { Counted, Protected } from '../src/lib/api'
import { emptyFilter } from '../src/lib/filter'
import * as format from '../src/lib/format'
import { guardNotes, wholeYears } from '../src/lib/guard'

const guard = (part: Partial<Protected> = {}): Protected => ({
  families: [
    { category: 'vehicle.theft', k: 5 },
    { category: 'rescue.call', k: 5 },
  ],
  from: '2022-12-31T23:00:00Z', // midnight in Paris
  to: '2025-12-31T23:00:00Z',
  hidden: 0,
  ignored: [],
  ...part,
})

describe('a count that may not be told', () => {
  it.each<[Counted, string, string]>([
    [{ count: 12 }, '12', '12'],
    [{ count: 0 }, '0', '0'],
    [{ count: null, hidden: 'below', k: 5 }, '<5', '<5'],
    [{ count: 0, hidden: 'below', k: 5 }, '<5', '<5'],
    [{ count: null, hidden: 'withheld', k: 5 }, 'masqué', 'hidden'],
    [{ count: 0, hidden: 'withheld' }, 'masqué', 'hidden'],
    [{ count: null, hidden: 'below' }, 'masqué', 'hidden'],
    [{ count: 12, hidden: 'below', k: 5 }, '≥ 12', '≥ 12'],
    [{ count: 12, hidden: 'withheld', k: 5 }, '≥ 12', '≥ 12'],
  ])('%j', (counted, french, english) => {
    expect(format.counted(fr, counted)).toBe(french)
    expect(format.counted(en, counted)).toBe(english)
  })

  it('says what is counted', () => {
    const thefts = { ...emptyFilter(), category: ['vehicle.theft'] }
    const say = (counted: Counted) => format.countedNoun(fr, counted, thefts)
    expect(say({ count: 1 })).toBe('1 vol')
    expect(say({ count: null, hidden: 'below', k: 5 })).toBe('<5 vols')
    expect(say({ count: null, hidden: 'withheld', k: 5 })).toBe('vols : masqué')
    expect(say({ count: 1, hidden: 'withheld', k: 5 })).toBe('≥ 1 vol')
  })

  it('stands between nothing and one', () => {
    const rows: Counted[] = [
      { count: 3 },
      { count: null, hidden: 'withheld' },
      { count: 0 },
      { count: null, hidden: 'below', k: 5 },
      { count: 1, hidden: 'below', k: 5 },
    ]
    const sorted = [...rows].sort((a, b) => format.rank(b) - format.rank(a))
    expect(sorted.map((row) => format.counted(fr, row))).toEqual(['3', '≥ 1', '<5', 'masqué', '0'])
  })

  it('makes a total a lower bound', () => {
    expect(format.total(fr, 7, undefined)).toBe('7')
    expect(format.total(fr, 7, guard())).toBe('7')
    expect(format.total(fr, 7, guard({ hidden: 3 }))).toBe('≥ 7')
  })
})

describe('what is said of protected families', () => {
  it.each<[string, Protected | undefined, string[]]>([
    ['nothing without them', undefined, []],
    ['nothing for an empty list', guard({ families: [] }), []],
    [
      'the years',
      guard(),
      ['Vol de véhicule et Appel de secours : comptage par années entières seulement (2023 à 2025).'],
    ],
    [
      'one year',
      guard({
        families: [{ category: 'vehicle.theft', k: 5 }],
        from: '2023-12-31T23:00:00Z',
        to: '2024-12-31T23:00:00Z',
      }),
      ['Vol de véhicule : comptage par années entières seulement (2024).'],
    ],
    [
      'a period of parts of years',
      guard({ from: null, to: null, ignored: ['period', 'hours'] }),
      [
        'Vol de véhicule et Appel de secours : aucun chiffre ici, comptage par années entières seulement (du 1er janvier au 31 décembre).',
      ],
    ],
    [
      'filters, each once, in words',
      guard({ ignored: ['hours', 'attr.light', 'severity', 'attributes', 'hours'] }),
      [
        'Vol de véhicule et Appel de secours : aucun chiffre ici, ce comptage ne se filtre pas par heures, lumière, gravité et circonstances.',
      ],
    ],
    [
      'small hexagons',
      guard({ ignored: ['resolution'] }),
      ['Vol de véhicule et Appel de secours : aucun chiffre pour des hexagones aussi petits, dézoomez.'],
    ],
    [
      'no year yet',
      guard({ from: null, to: null }),
      ['Vol de véhicule et Appel de secours : aucune année entière n’est encore comptée.'],
    ],
  ])('%s', (_, protect, want) => expect(guardNotes(fr, protect)).toEqual(want))

  it('counts the whole years, the end excluded', () => {
    expect(wholeYears(guard())).toEqual([2023, 2024, 2025])
    expect(wholeYears(guard({ to: '2024-12-31T23:00:00Z' }))).toEqual([2023, 2024])
    expect(wholeYears(guard({ from: null }))).toEqual([])
    expect(wholeYears(undefined)).toEqual([])
  })
})
