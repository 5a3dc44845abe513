// The words of the stations' pages, in both languages.
import type { Lang } from '../lib/url'

const many = (n: number, one: string, more: string) => `${n} ${n > 1 ? more : one}`
const plural = (n: number, one: string, more: string) => `${n} ${Math.abs(n) === 1 ? one : more}`

const fr = {
  heading: 'Casernes',
  intro: 'Les sorties attendues, caserne par caserne. La veille d’abord : ce qui s’est passé.',
  search: 'Chercher',
  caption: (n: number) => `${many(n, 'caserne', 'casernes')}.`,
  station: 'Caserne',
  commune: 'Commune',
  yesterday: 'La veille',
  yesterdayForecast: 'Prévu la veille',
  today: 'Premier jour, prévu',
  interval: 'Intervalle à 80 %',
  none: 'Aucune caserne dans ce territoire, ou aucune prévision n’a encore été faite pour elles.',
  noneFound: 'Aucune caserne de ce nom.',
  unknown: 'non connu',
  sortBy: (column: string) => `Trier par ${column}`,

  back: 'Toutes les casernes',
  until: (when: string) => `Apprise des faits connus le ${when}.`,
  past: 'La veille : ce qui était prévu, ce qui s’est passé',
  pastNone: 'La veille n’était pas encore prévue, ou n’est pas encore connue.',
  pastSentence: (day: string, observed: string, expected: string, low: string, high: string) =>
    `${observed} sorties le ${day} ; la prévision en attendait ${expected} (entre ${low} et ${high}, 8 fois sur 10).`,
  retrospective: 'Cette prévision a été calculée après coup, avec ce qui était connu avant ce jour-là.',
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
  todayKind: 'Premier jour',
  tomorrowKind: 'Deuxième jour',
  weekKind: 'Attendu en 7 jours',
  kindsHelp: 'Médiane, et entre parenthèses l’intervalle à 80 %.',
  years: (list: string) => `Interventions par an, d’après les parts de couverture publiées : ${list}.`,

  crews: 'Combien d’équipes ?',
  crewsHelp:
    'Le nombre d’équipes qu’il faut pour tenir le niveau de service choisi : la part des sorties qui trouvent une équipe libre. Vigie suggère ; le chef de centre décide.',
  service: 'Niveau de service',
  serviceText: (share: string) => `${share} des sorties servies`,
  crewsNow: (low: string, high: string) =>
    low === high ? `Équipes suggérées à chaque garde : ${low}.` : `De ${low} à ${high} équipes selon la garde.`,
  wouldCost: (hours: string, from: string, to: string) =>
    `Du ${from} au ${to}, la même règle aurait coûté ${hours} heures d’équipe.`,
  wouldMiss: (calls: string, of: string, hours: string) =>
    `Sur ${of} sorties, ${calls} n’auraient pas trouvé d’équipe libre, en ${hours} heures.`,
  wouldMissNone: 'Aucune sortie n’aurait manqué d’équipe.',
  against: (crews: string, hours: string, calls: string) =>
    `Nombres fixes les moins chers au même niveau, choisis après coup (${crews} par garde) : ${hours} heures d’équipe, ${calls} sorties sans équipe.`,
  changed: 'Les données ont changé depuis le calcul : ces nombres sont ceux de ce qui est connu maintenant.',
  busy: (hours: number) => `Une sortie occupe son équipe ${many(hours, 'heure entière', 'heures entières')}.`,
  crewsChart: 'Équipes suggérées, garde par garde',
  shift: 'Garde',
  crewsColumn: 'Équipes',
  callsColumn: 'Sorties attendues',
  servedColumn: 'Servies',
  crewsNone: 'Pas assez de passé pour une suggestion.',
}

export type StationWords = typeof fr

const en: StationWords = {
  heading: 'Stations',
  intro: 'Calls to expect, station by station. The day before first: what happened.',
  search: 'Search',
  caption: (n) => `${plural(n, 'station', 'stations')}.`,
  station: 'Station',
  commune: 'Commune',
  yesterday: 'Day before',
  yesterdayForecast: 'Forecast for it',
  today: 'First day, forecast',
  interval: '80% interval',
  none: 'No station in this territory, or no forecast has been made for them yet.',
  noneFound: 'No station of that name.',
  unknown: 'not known',
  sortBy: (column) => `Sort by ${column}`,

  back: 'All stations',
  until: (when) => `Trained on what was known until ${when}.`,
  past: 'The day before: what was forecast, what happened',
  pastNone: 'The day before was not forecast yet, or is not known yet.',
  pastSentence: (day, observed, expected, low, high) =>
    `${observed} calls on ${day}; the forecast expected ${expected} (between ${low} and ${high}, 8 times out of 10).`,
  todayKind: 'First day',
  tomorrowKind: 'Second day',
  weekKind: 'Expected in 7 days',
  kindsHelp: 'Median, and in brackets the 80% interval.',
  years: (list) => `Operations a year, by the published coverage shares: ${list}.`,

  retrospective: 'This forecast was made afterwards, from what was known before that day.',
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
  crews: 'How many crews?',
  crewsHelp:
    'The number of crews needed for the chosen service level: the share of calls that find a crew free. Vigie suggests; the head of the station decides.',
  service: 'Service level',
  serviceText: (share) => `${share} of calls served`,
  crewsNow: (low, high) =>
    low === high ? `Suggested crews on every shift: ${low}.` : `From ${low} to ${high} crews, by shift.`,
  wouldCost: (hours, from, to) => `From ${from} to ${to} the same rule would have cost ${hours} crew hours.`,
  wouldMiss: (calls, of, hours) => `Of ${of} calls, ${calls} would have found no crew free, in ${hours} hours.`,
  wouldMissNone: 'No call would have been without a crew.',
  against: (crews, hours, calls) =>
    `Cheapest fixed numbers at the same level, chosen afterwards (${crews} by shift): ${hours} crew hours, ${calls} calls without a crew.`,
  changed: 'The data have changed since the run: these numbers are of what is known now.',
  busy: (hours) => `A call keeps its crew for ${plural(hours, 'whole hour', 'whole hours')}.`,
  crewsChart: 'Suggested crews, shift by shift',
  shift: 'Shift',
  crewsColumn: 'Crews',
  callsColumn: 'Expected calls',
  servedColumn: 'Served',
  crewsNone: 'Not enough of a past for a suggestion.',
}

export const stationWords: Record<Lang, StationWords> = { fr, en }
