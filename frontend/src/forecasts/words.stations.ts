// The words of the stations' pages, in both languages.
import type { Lang } from '../lib/url'

const many = (n: number, one: string, more: string) => `${n} ${n > 1 ? more : one}`
const plural = (n: number, one: string, more: string) => `${n} ${Math.abs(n) === 1 ? one : more}`

const fr = {
  heading: 'Casernes',
  intro: 'Les sorties attendues, caserne par caserne. Hier d’abord : ce qui s’est passé.',
  search: 'Chercher',
  caption: (n: number) => `${many(n, 'caserne', 'casernes')}.`,
  station: 'Caserne',
  commune: 'Commune',
  yesterday: 'Hier',
  yesterdayForecast: 'Prévu hier',
  today: 'Aujourd’hui, prévu',
  interval: 'Intervalle à 80 %',
  none: 'Aucune caserne dans ce territoire, ou aucune prévision n’a encore été faite pour elles.',
  noneFound: 'Aucune caserne de ce nom.',
  unknown: 'non connu',
  sortBy: (column: string) => `Trier par ${column}`,

  back: 'Toutes les casernes',
  until: (when: string) => `Apprise des faits connus le ${when}.`,
  past: 'Hier : ce qui était prévu, ce qui s’est passé',
  pastNone: 'Hier n’était pas encore prévu, ou n’est pas encore connu.',
  pastSentence: (observed: string, expected: string, low: string, high: string) =>
    `${observed} sorties hier ; la prévision en attendait ${expected} (entre ${low} et ${high}, 8 fois sur 10).`,
  pastShort: (observed: string, expected: string) =>
    `${observed} sorties hier ; la prévision en attendait ${expected} en moyenne.`,
  inside: 'Dans l’intervalle.',
  outside: 'Hors de l’intervalle.',
  next48: 'Les 48 heures qui viennent',
  next14: 'Les 14 jours qui viennent',
  kinds: 'Par nature d’intervention',
  kind: 'Nature',
  hour: 'Heure',
  day: 'Jour',
  median: 'Médiane',
  expected: 'Moyenne',
  i50: '50 %',
  i80: '80 %',
  i95: '95 %',
  observed: 'Observé',
  table: 'Les mêmes valeurs en tableau',
  legendMedian: 'médiane',
  legend: 'plage où tombent 50, 80 et 95 cas sur 100',
  legendObserved: 'ce qui s’est passé',
  chart: (from: string, to: string, low: string, high: string) =>
    `Du ${from} au ${to} : médiane de ${low} à ${high} sorties. Le tableau en dessous donne chaque valeur.`,
  todayKind: 'Aujourd’hui',
  weekKind: '7 jours',

  crews: 'Combien d’équipes ?',
  crewsHelp:
    'Le nombre d’équipes qu’il faut pour tenir le niveau de service choisi : la part des heures où toutes les sorties trouvent une équipe. Vigie suggère ; le chef de centre décide.',
  service: 'Niveau de service',
  serviceText: (share: string) => `${share} des heures couvertes`,
  crewsNow: (low: string, high: string) =>
    low === high ? `${low} équipes, à toute heure.` : `De ${low} à ${high} équipes selon l’heure.`,
  wouldCost: (hours: string, from: string, to: string) =>
    `Du ${from} au ${to}, cela aurait coûté ${hours} heures d’équipe.`,
  wouldMiss: (calls: string, hours: string, share: string) =>
    `Il aurait manqué une équipe pour ${calls} sorties, en ${hours} heures (${share}).`,
  wouldMissNone: 'Aucune sortie n’aurait manqué d’équipe.',
  against: (crews: string, hours: string, calls: string) =>
    `Avec ${crews} équipes en permanence : ${hours} heures d’équipe, ${calls} sorties sans équipe.`,
  crewsChart: 'Équipes suggérées, heure par heure',
  crewsColumn: 'Équipes',
  crewsNone: 'Pas assez de passé pour une suggestion.',
}

export type StationWords = typeof fr

const en: StationWords = {
  heading: 'Stations',
  intro: 'Calls to expect, station by station. Yesterday first: what happened.',
  search: 'Search',
  caption: (n) => `${plural(n, 'station', 'stations')}.`,
  station: 'Station',
  commune: 'Commune',
  yesterday: 'Yesterday',
  yesterdayForecast: 'Forecast for yesterday',
  today: 'Today, forecast',
  interval: '80% interval',
  none: 'No station in this territory, or no forecast has been made for them yet.',
  noneFound: 'No station of that name.',
  unknown: 'not known',
  sortBy: (column) => `Sort by ${column}`,

  back: 'All stations',
  until: (when) => `Trained on what was known until ${when}.`,
  past: 'Yesterday: what was forecast, what happened',
  pastNone: 'Yesterday was not forecast yet, or is not known yet.',
  pastSentence: (observed, expected, low, high) =>
    `${observed} calls yesterday; the forecast expected ${expected} (between ${low} and ${high}, 8 times out of 10).`,
  pastShort: (observed, expected) => `${observed} calls yesterday; the forecast expected ${expected} on average.`,
  inside: 'Within the interval.',
  outside: 'Outside the interval.',
  next48: 'The coming 48 hours',
  next14: 'The coming 14 days',
  kinds: 'By kind of operation',
  kind: 'Kind',
  hour: 'Hour',
  day: 'Day',
  median: 'Median',
  expected: 'Mean',
  i50: '50%',
  i80: '80%',
  i95: '95%',
  observed: 'Observed',
  table: 'The same values as a table',
  legendMedian: 'median',
  legend: 'band that holds 50, 80 and 95 cases out of 100',
  legendObserved: 'what happened',
  chart: (from, to, low, high) =>
    `From ${from} to ${to}: median of ${low} to ${high} calls. The table below gives every value.`,
  todayKind: 'Today',
  weekKind: '7 days',

  crews: 'How many crews?',
  crewsHelp:
    'The number of crews needed for the chosen service level: the share of hours in which every call finds a crew. Vigie suggests; the head of the station decides.',
  service: 'Service level',
  serviceText: (share) => `${share} of hours covered`,
  crewsNow: (low, high) => (low === high ? `${low} crews, at any hour.` : `From ${low} to ${high} crews, by the hour.`),
  wouldCost: (hours, from, to) => `From ${from} to ${to} it would have cost ${hours} crew hours.`,
  wouldMiss: (calls, hours, share) =>
    `A crew would have been missing for ${calls} calls, in ${hours} hours (${share}).`,
  wouldMissNone: 'No call would have been without a crew.',
  against: (crews, hours, calls) =>
    `With ${crews} crews at all times: ${hours} crew hours, ${calls} calls without a crew.`,
  crewsChart: 'Suggested crews, hour by hour',
  crewsColumn: 'Crews',
  crewsNone: 'Not enough of a past for a suggestion.',
}

export const stationWords: Record<Lang, StationWords> = { fr, en }
