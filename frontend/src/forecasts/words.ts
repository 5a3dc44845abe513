// The words of the forecasts: the room, the map, the table. In both languages.
import type { Lang } from '../lib/url'
import type { Unit } from './frequency'

const many = (n: number, one: string, more: string) => `${n} ${n > 1 ? more : one}`
const plural = (n: number, one: string, more: string) => `${n} ${Math.abs(n) === 1 ? one : more}`

const fr = {
  rooms: 'Prévisions : rubriques',
  skip: 'Aller à la prévision',
  loading: 'Chargement…',
  none: 'Aucune prévision n’est proposée ici.',
  noRun: 'Aucun calcul n’a encore été fait pour votre territoire.',
  noRunHelp:
    'Un calcul apprend des faits déjà déclarés, se mesure au simple compte du passé, puis dit ce qu’il attend.',
  start: 'Lancer un calcul',
  closed:
    'Cette prévision est apprise de faits protégés, que ce compte ne peut pas lire un par un : ses valeurs en diraient presque le nombre. Elle ne vous est pas montrée.',
  parts: {
    stations: 'Casernes',
    map: 'Carte',
    table: 'Tableau',
    patrol: 'Patrouilles',
    ratios: 'Taux',
    card: 'Fiche du modèle',
    decisions: 'Décisions',
  },
  partsLabel: 'Parties de la prévision',

  head: {
    area: 'Territoire',
    horizon: 'Durée',
    run: 'Calcul',
    everywhere: 'tout le territoire',
    of: (when: string) => `du ${when}`,
    period: (from: string, to: string) => `Prévision du ${from} au ${to}`,
    day: (day: string) => `Prévision pour le ${day}`,
    until: (when: string) => `apprise des faits connus le ${when}`,
    fresh: (days: number) =>
      days < 1 ? 'début aujourd’hui' : days === 1 ? 'commencée hier' : `commencée il y a ${days} jours`,
    ahead: (days: number) => (days <= 1 ? 'commence demain' : `commence dans ${days} jours`),
    partial: 'Vous voyez la part de vos secteurs.',
    over: 'Période passée',
    overHelp: 'Lancez un calcul plus récent.',
    toBeat: 'À battre :',
    usable: 'Signal exploitable',
    unusable: 'Pas de signal exploitable',
    alert: 'La prévision a quitté sa plage de fiabilité.',
    alertCard: 'Voir la fiche',
    horizons: (n: number, unit: string) =>
      many(
        n,
        ...(({ D: ['jour', 'jours'], W: ['semaine', 'semaines'], M: ['mois', 'mois'] }[unit] ?? ['an', 'ans']) as [
          string,
          string,
        ]),
      ),
  },

  layers: {
    label: 'Couche',
    facts: 'Même période, l’an dernier',
    forecast: 'Prévision',
    both: 'Les deux côte à côte',
    factsTag: 'Faits',
    forecastTag: 'Prévision',
    factsHelp: (from: string, to: string) => `Ce qui s’est passé du ${from} au ${to}.`,
  },

  map: {
    label: 'Carte de la prévision',
    factsLabel: 'Carte des faits de l’an dernier',
    help: 'Flèches : déplacer. + et − : zoomer. Le tableau donne les mêmes valeurs.',
    fit: 'Tout le territoire',
    kind: 'Nature',
    allKinds: 'toutes',
    step: 'Moment',
    whole: 'toute la période',
    hour: 'Heure de la semaine',
    allWeek: 'Toute la semaine',
    day: 'Jour',
    hourOfDay: 'Heure',
    before: 'Heure précédente',
    after: 'Heure suivante',
    failed: 'La couche n’a pas pu être chargée en entier.',
    pick: 'Touchez un lieu, ou choisissez-le dans le tableau.',
  },

  legend: {
    label: 'Légende',
    forecast: (unit: string) => `Prévu : ${unit}`,
    facts: 'Faits comptés, l’an dernier',
    value: 'plus de cas attendus →',
    sure: ['le plus sûr', 'assez sûr', 'peu sûr', 'très incertain'],
    help: 'Moins c’est sûr, moins il y a de couleurs : le gris ne départage plus les lieux.',
    width: [
      'intervalle à 80 % : jusqu’à 3 fois la valeur',
      '3 à 6 fois la valeur',
      '6 à 12 fois la valeur',
      'plus de 12 fois la valeur',
    ],
    below: (n: string) => `moins de ${n}`,
    from: (n: string) => `${n} et plus`,
    range: (from: string, to: string) => `${from} à ${to}`,
    zero: 'aucun',
    unknown: 'non connu',
    fixed: 'Échelle fixe pour tout le calcul.',
    hour: 'Couleurs à l’heure choisie, même échelle à toute heure.',
    perHour: (unit: string) => `${unit}, à cette heure-là, sur la période`,
    scaled: (unit: string, times: number) =>
      times === 1 ? unit : `${times === 1000 ? 'millièmes' : 'millionièmes'} de : ${unit}`,
  },

  table: {
    caption: (n: number, total: string) =>
      `${many(n, 'lieu', 'lieux')} sur ${total}, du plus attendu au moins attendu par surface.`,
    captionFacts: (n: number, total: string) => `${many(n, 'lieu', 'lieux')} sur ${total}.`,
    rank: 'Rang',
    place: 'Lieu',
    plain: 'En clair',
    expected: 'Attendu',
    interval: 'Intervalle à 80 %',
    lastYear: 'L’an dernier',
    count: 'Compte du passé',
    certainty: 'Certitude',
    sortBy: (column: string) => `Trier par ${column}`,
    open: (place: string) => `Voir ${place} sur la carte`,
    more: 'Afficher la suite',
    unknown: 'non connu',
    csv: 'CSV',
    geojson: 'GeoJSON',
    empty: 'Aucune valeur ici.',
    levels: ['le plus sûr', 'assez sûr', 'peu sûr', 'très incertain'],
    unit: (unit: string) => `Unité : ${unit}.`,
    at: (when: string) => `« Attendu » : ${when}.`,
  },

  place: {
    heading: 'Lieu choisi',
    close: 'Fermer',
    cell: 'Hexagone',
    lixel: 'Tronçon',
    unit: 'Caserne',
    area: 'Secteur',
    in: (area: string) => `à ${area}`,
    between: (low: string, high: string, unit: string) => `entre ${low} et ${high} ${unit} (8 fois sur 10)`,
    lastYear: 'Même période, l’an dernier',
    count: 'Le compte du passé attendait',
    expected: 'Attendu en moyenne',
    rank: (rank: string, all: string) => `${rank}ᵉ sur ${all} à surface égale`,
    noForecast: 'Prévision non affichée : pas de signal exploitable.',
    best: (list: string) => `Heures les plus chargées : ${list}`,
  },

  frequency: {
    /** 3 nuits sur 10 */
    share: (n: number, unit: Unit, nights: boolean) =>
      n >= 10
        ? `presque ${{ hour: 'chaque heure', day: nights ? 'chaque nuit' : 'chaque jour', week: 'chaque semaine', month: 'chaque mois', year: 'chaque année' }[unit]}`
        : `${many(n, ...({ hour: ['heure', 'heures'], day: nights ? ['nuit', 'nuits'] : ['jour', 'jours'], week: ['semaine', 'semaines'], month: ['mois', 'mois'], year: ['année', 'années'] }[unit] as [string, string]))} sur 10`,
    rate: (n: string, unit: Unit) =>
      `environ ${n} par ${{ hour: 'heure', day: 'jour', week: 'semaine', month: 'mois', year: 'an' }[unit]}`,
    rare: 'moins d’une année sur 10',
  },

  days: ['lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi', 'dimanche'],
  hour: (hour: number) => `${hour} h`,
  slot: (day: string, hour: number) => `${day}, ${hour} h à ${hour + 1} h`,
}

export type ForecastWords = typeof fr

const en: ForecastWords = {
  rooms: 'Forecasts: sections',
  skip: 'Skip to the forecast',
  loading: 'Loading…',
  none: 'No forecast is offered here.',
  noRun: 'No run has been made for your territory yet.',
  noRunHelp:
    'A run learns from what was reported, is measured against the plain count of the past, then says what it expects.',
  start: 'Start a run',
  closed:
    'This forecast has learnt from protected events, which this account may not read one by one: its values would nearly tell their number. It is not shown to you.',
  parts: {
    stations: 'Stations',
    map: 'Map',
    table: 'Table',
    patrol: 'Patrols',
    ratios: 'Rates',
    card: 'Model card',
    decisions: 'Decisions',
  },
  partsLabel: 'Parts of the forecast',

  head: {
    area: 'Territory',
    horizon: 'Length',
    run: 'Run',
    everywhere: 'the whole territory',
    of: (when) => `of ${when}`,
    period: (from, to) => `Forecast from ${from} to ${to}`,
    day: (day) => `Forecast for ${day}`,
    until: (when) => `trained on what was known until ${when}`,
    fresh: (days) => (days < 1 ? 'begins today' : days === 1 ? 'began yesterday' : `began ${days} days ago`),
    ahead: (days) => (days <= 1 ? 'begins tomorrow' : `begins in ${days} days`),
    partial: 'You see the part of your areas.',
    over: 'Period over',
    overHelp: 'Start a newer run.',
    toBeat: 'To beat:',
    usable: 'Usable signal',
    unusable: 'No usable signal',
    alert: 'The forecast has left its band of reliability.',
    alertCard: 'See the card',
    horizons: (n, unit) =>
      plural(
        n,
        ...(({ D: ['day', 'days'], W: ['week', 'weeks'], M: ['month', 'months'] }[unit] ?? ['year', 'years']) as [
          string,
          string,
        ]),
      ),
  },

  layers: {
    label: 'Layer',
    facts: 'Same period last year',
    forecast: 'Forecast',
    both: 'Both side by side',
    factsTag: 'Facts',
    forecastTag: 'Forecast',
    factsHelp: (from, to) => `What happened from ${from} to ${to}.`,
  },

  map: {
    label: 'Map of the forecast',
    factsLabel: 'Map of last year’s facts',
    help: 'Arrows: move. + and −: zoom. The table gives the same values.',
    fit: 'Whole territory',
    kind: 'Kind',
    allKinds: 'all',
    step: 'Moment',
    whole: 'whole period',
    hour: 'Hour of the week',
    allWeek: 'Whole week',
    day: 'Day',
    hourOfDay: 'Hour',
    before: 'Previous hour',
    after: 'Next hour',
    failed: 'The layer could not be loaded in full.',
    pick: 'Touch a place, or choose it in the table.',
  },

  legend: {
    label: 'Legend',
    forecast: (unit) => `Forecast: ${unit}`,
    facts: 'Counted facts, last year',
    value: 'more expected →',
    sure: ['surest', 'fairly sure', 'not so sure', 'very uncertain'],
    help: 'The less sure, the fewer colours: grey does not tell places apart any more.',
    width: [
      '80% interval: up to 3 times the value',
      '3 to 6 times the value',
      '6 to 12 times the value',
      'more than 12 times the value',
    ],
    below: (n) => `below ${n}`,
    from: (n) => `${n} and more`,
    range: (from, to) => `${from} to ${to}`,
    zero: 'none',
    unknown: 'not known',
    fixed: 'Fixed scale for the whole run.',
    hour: 'Colours at the chosen hour, on the same scale at every hour.',
    perHour: (unit) => `${unit}, at that hour, over the period`,
    scaled: (unit, times) => (times === 1 ? unit : `${times === 1000 ? 'thousandths' : 'millionths'} of: ${unit}`),
  },

  table: {
    caption: (n, total) => `${plural(n, 'place', 'places')} of ${total}, from most to least expected by surface.`,
    captionFacts: (n, total) => `${plural(n, 'place', 'places')} of ${total}.`,
    rank: 'Rank',
    place: 'Place',
    plain: 'In plain words',
    expected: 'Expected',
    interval: '80% interval',
    lastYear: 'Last year',
    count: 'Count of the past',
    certainty: 'Certainty',
    sortBy: (column) => `Sort by ${column}`,
    open: (place) => `See ${place} on the map`,
    more: 'Show more',
    unknown: 'not known',
    csv: 'CSV',
    geojson: 'GeoJSON',
    empty: 'No value here.',
    levels: ['surest', 'fairly sure', 'not so sure', 'very uncertain'],
    unit: (unit) => `Unit: ${unit}.`,
    at: (when) => `“Expected”: ${when}.`,
  },

  place: {
    heading: 'Chosen place',
    close: 'Close',
    cell: 'Hexagon',
    lixel: 'Stretch of road',
    unit: 'Station',
    area: 'Area',
    in: (area) => `in ${area}`,
    between: (low, high, unit) => `between ${low} and ${high} ${unit} (8 times out of 10)`,
    lastYear: 'Same period last year',
    count: 'The count of the past expected',
    expected: 'Expected on average',
    rank: (rank, all) => `number ${rank} of ${all} for equal surface`,
    noForecast: 'Forecast not shown: no usable signal.',
    best: (list) => `Busiest hours: ${list}`,
  },

  frequency: {
    share: (n, unit, nights) => {
      const name = unit === 'day' && nights ? 'night' : unit
      return n >= 10 ? `almost every ${name}` : `${plural(n, name, name + 's')} out of 10`
    },
    rate: (n, unit) => `about ${n} a ${unit}`,
    rare: 'less than one year out of 10',
  },

  days: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
  hour: (hour) => `${hour}:00`,
  slot: (day, hour) => `${day}, ${hour}:00 to ${hour + 1}:00`,
}

export const forecastWords: Record<Lang, ForecastWords> = { fr, en }
