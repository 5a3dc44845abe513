import { describe, expect, it } from 'vitest'
import { ending, folded, isRoot, searchParams, type Entry } from '../src/journal/journal'
import { outcomeName, says, whoIs } from '../src/journal/say'
import { journalWords } from '../src/journal/words'
import { problemText } from '../src/account/problems'
import { isReason, reasonHeader } from '../src/account/reason'
import { device } from '../src/account/sessions'
import { ApiError } from '../src/lib/api'
import { mayAudit, mayRead } from '../src/lib/rights'

const w = journalWords.fr

const entry = (part: Partial<Entry>): Entry => ({
  seq: 1,
  at: '2026-11-23T15:00:35.946013Z',
  account: 'durand',
  machine: false,
  operation: 'events',
  class: 'read',
  act: 'consultation',
  reason: '',
  reference: '',
  recipient: '',
  address: '',
  outcome: '200',
  request_id: 'r',
  erased: 0,
  ...part,
})

describe('the search of the journal', () => {
  it('sends what is given, days as midnights of Paris, both included', () => {
    const params = searchParams({ account: 'durand', outcome: '', from: '2024-07-14', to: '2024-07-14', entry: '7' })
    expect(Object.fromEntries(params)).toEqual({
      account: 'durand',
      from: '2024-07-13T22:00:00Z',
      to: '2024-07-14T22:00:00Z',
    })
  })
  it('leaves out what is no day', () => expect(searchParams({ from: '2024-02-31' }).size).toBe(0))
})

describe('lines of the journal', () => {
  it('are folded to one for each request that ended; one that did not stays', () => {
    const lines = [
      entry({ seq: 6, outcome: '200', request_id: 'b' }),
      entry({ seq: 5, outcome: 'begun', request_id: 'lost' }),
      entry({ seq: 4, outcome: 'begun', request_id: 'b' }),
      entry({ seq: 3, outcome: 'begun', request_id: '' }),
      entry({ seq: 2, outcome: '403', request_id: 'c' }),
    ]
    expect(folded(lines).map(({ seq }) => seq)).toEqual([6, 5, 3, 2])
  })
  it.each([
    ['begun', 'begun'],
    ['done', 'done'],
    ['204', 'done'],
    ['304', 'done'],
    ['401', 'refused'],
    ['403', 'refused'],
    ['428', 'refused'],
    ['429', 'refused'],
    ['404', 'missing'],
    ['422', 'wrong'],
    ['500', 'failed'],
    ['failed', 'failed'],
    ['broken', 'failed'],
    ['', 'failed'],
  ])('the outcome %s is %s', (outcome, want) => expect(ending(outcome)).toBe(want))
  it('say who', () => {
    expect(whoIs(w, entry({}))).toBe('durand')
    expect(whoIs(w, entry({ account: '' }))).toBe('avant connexion')
    expect(whoIs(w, entry({ account: 'cli:root' }))).toBe('root (ligne de commande)')
    expect(whoIs(w, entry({ account: 'dir-ouest', machine: true }))).toBe('dir-ouest (machine)')
  })
  it('say what, in words where there are some', () => {
    expect(says(w, entry({ outcome: '403' }))).toEqual({
      operation: 'Liste d’événements',
      act: 'consultation',
      class: 'lecture',
      outcome: 'refusé (403)',
      short: 'refusé (403)',
    })
    expect(says(w, entry({ operation: 'plan-accepted', act: 'new_act' }))).toMatchObject({
      operation: 'Plan accepted',
      act: 'New act',
      short: 'abouti',
    })
    expect(outcomeName(w, '200')).toBe('abouti (200)')
  })
})

it.each([
  ['12:' + 'a'.repeat(64), true],
  ['12:' + 'A'.repeat(64), false],
  ['12:' + 'a'.repeat(63), false],
  [':' + 'a'.repeat(64), false],
  ['', false],
])('%s is a root: %s', (text, want) => expect(isRoot(text)).toBe(want))

describe('a reason', () => {
  it.each([
    ['', false],
    ['  a ', false],
    ['abc', true],
    ['x'.repeat(500), true],
    ['x'.repeat(501), false],
    ['🚓🚓🚓', true],
  ])('%s', (text, want) => expect(isReason(text)).toBe(want))
  it('goes into a header whatever its letters', () => {
    const header = reasonHeader('  œuvre n° 7 ')['vigie-reason']
    expect(header).toBe("UTF-8''%C5%93uvre%20n%C2%B0%207")
    expect(() => new Headers({ 'vigie-reason': header })).not.toThrow()
  })
})

it('names devices', () => {
  expect(device('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0')).toBe(
    'Firefox · Windows',
  )
  expect(
    device('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari/537.36'),
  ).toBe('Chrome · Linux')
  expect(device('')).toBe('')
})

it('says problems by their code, and never an empty sentence', () => {
  expect(problemText('fr', new ApiError(428, 'why?', 'reason'))).toMatch(/motif/)
  expect(problemText('en', new ApiError(503, '', 'journal'))).toMatch(/journal could not be written/)
  expect(problemText('fr', new ApiError(422, 'limit: too high', 'invalid'))).toContain('limit: too high')
  expect(problemText('fr', new ApiError(500, '', 'new_code'))).toMatch(/erreur/)
  expect(problemText('fr', new TypeError('network'))).toMatch(/ne répond pas/)
})

it('opens pages by role', () => {
  expect(mayRead([{ role: 'analyst', areas: ['fr.76'] }])).toBe(true)
  expect(mayRead([{ role: 'auditor', areas: ['*'] }])).toBe(false)
  expect(mayAudit([{ role: 'auditor', areas: ['*'] }])).toBe(true)
  expect(mayAudit([{ role: 'auditor', areas: ['fr.76'] }])).toBe(false)
  expect(mayAudit([{ role: 'admin', areas: ['*'] }])).toBe(false)
  expect(mayRead(undefined)).toBe(false)
})
