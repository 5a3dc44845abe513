package evaluate

import (
	"fmt"
	"math"
	"strings"
)

// The codes of verdicts.
const (
	codeFewer     = "fewer"
	codeMore      = "more"
	codeNone      = "none_shown"
	codeNotEnough = "not_enough_data"
)

const (
	notEnoughFR = "Pas assez de données pour le dire."
	notEnoughEN = "Not enough data to say."
)

// leastHeld is the share of planned hours below which the effect is diluted enough to say so.
const leastHeld = 0.8

// verdict says what a ratio means. Enough is false with so few accidents that no interval can be trusted.
func verdict(ratio *Estimate, power Power, enough bool, level float64) Verdict {
	switch {
	case ratio == nil || !enough:
		return notEnough(power)
	case ratio.High < 1:
		return Verdict{
			codeFewer,
			fmt.Sprintf("Moins d'accidents autour des postes : %s (intervalle à %s : de %s à %s).", fr(change(ratio.Value)), frPercent(level), fr(change(ratio.Low)), fr(change(ratio.High))),
			fmt.Sprintf("Fewer accidents around the posts: %s (%s interval: %s to %s).", change(ratio.Value), percent(level), change(ratio.Low), change(ratio.High)),
		}
	case ratio.Low > 1:
		return Verdict{
			codeMore,
			fmt.Sprintf("Plus d'accidents autour des postes : %s (intervalle à %s : de %s à %s).", fr(change(ratio.Value)), frPercent(level), fr(change(ratio.Low)), fr(change(ratio.High))),
			fmt.Sprintf("More accidents around the posts: %s (%s interval: %s to %s).", change(ratio.Value), percent(level), change(ratio.Low), change(ratio.High)),
		}
	}
	return unshown(ratio, power, level)
}

// unshown is the verdict where no difference was shown: because there are too few data, or in spite of enough.
func unshown(ratio *Estimate, power Power, level float64) Verdict {
	if power.At < enoughPower {
		return notEnough(power)
	}
	return Verdict{
		codeNone,
		fmt.Sprintf("Aucun effet montré, alors qu'une baisse de %s aurait dû se voir (intervalle à %s : de %s à %s).", frPercent(power.Effect), frPercent(level), fr(change(ratio.Low)), fr(change(ratio.High))),
		fmt.Sprintf("No effect shown, although a fall of %s should have been seen (%s interval: %s to %s).", percent(power.Effect), percent(level), change(ratio.Low), change(ratio.High)),
	}
}

// notEnough says that the data cannot tell, and how much more it would take.
func notEnough(p Power) Verdict {
	v := Verdict{codeNotEnough, notEnoughFR, notEnoughEN}
	if p.Needed <= 1 || p.At >= enoughPower {
		return v
	}
	v.FR = fmt.Sprintf("Pas assez de données pour le dire : une baisse de %s n'aurait été vue qu'avec une probabilité de %s. Il faudrait environ %s fois plus de données.", frPercent(p.Effect), frPercent(p.At), times(p.Needed, " "))
	v.EN = fmt.Sprintf("Not enough data to say: a fall of %s would have been seen with a probability of %s only. It would take about %s times as many data.", percent(p.Effect), percent(p.At), times(p.Needed, ","))
	return v
}

func noComparison(plan string) Verdict {
	return Verdict{
		"no_comparison",
		fmt.Sprintf("Plan %s : pas de lieux comparables sans poste ; la tendance et la saison ne sont pas corrigées.", plan),
		fmt.Sprintf("Plan %s: no comparable places without posts; trend and season are not corrected for.", plan),
	}
}

func notImported(plan string) Verdict {
	return Verdict{
		"not_imported",
		fmt.Sprintf("Plan %s : presque aucun accident sur tout le territoire pendant la période ; ils ne sont sans doute pas encore importés.", plan),
		fmt.Sprintf("Plan %s: next to no accidents in the whole territory during the period; they have probably not been imported yet.", plan),
	}
}

func tooFewDraws(plan string, draws int) Verdict {
	return Verdict{
		"few_draws",
		fmt.Sprintf("Plan %s : %d tirages seulement sont connus, il en faut %d ; l'estimation par tirage au sort est grossière ou impossible.", plan, draws, fewDraws),
		fmt.Sprintf("Plan %s: only %d draws are known, it takes %d; the estimate by randomisation is coarse or impossible.", plan, draws, fewDraws),
	}
}

func notHeld(plan string, held float64) Verdict {
	return Verdict{
		"not_held",
		fmt.Sprintf("Plan %s : %s des heures prévues ont été tenues ; l'effet des postes tenus est plus fort que celui mesuré.", plan, frPercent(held)),
		fmt.Sprintf("Plan %s: %s of the planned hours were held; the effect of posts that were held is larger than what is measured.", plan, percent(held)),
	}
}

func noChance() Verdict {
	return Verdict{
		"no_chance",
		"Aucun lieu n'a été laissé au hasard : tous les postes étaient certains, le tirage au sort n'apprend rien.",
		"No place was left to chance: every post was certain, so the randomisation teaches nothing.",
	}
}

// warn keeps a warning once.
func (r *Result) warn(v Verdict) {
	for _, have := range r.Warnings {
		if have == v {
			return
		}
	}
	r.Warnings = append(r.Warnings, v)
}

// change writes a ratio as a change: 0.86 is "−14 %".
func change(ratio float64) string {
	if ratio >= mostRatio {
		return fmt.Sprintf("≥ +%d %%", 100*(mostRatio-1))
	}
	if by := math.Round(100 * (ratio - 1)); by < 0 {
		return fmt.Sprintf("−%.0f %%", -by)
	} else {
		return fmt.Sprintf("+%.0f %%", by)
	}
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

func frPercent(share float64) string { return fr(percent(share)) }

// fr puts the space that does not break before the sign, as French does.
func fr(text string) string { return strings.ReplaceAll(text, " %", "\u202f%") }

// times writes how many times, with two digits that mean something, its thousands set apart.
func times(n float64, apart string) string {
	if n < 10 {
		return fmt.Sprintf("%.1f", math.Ceil(n*10)/10)
	}
	unit := math.Pow(10, math.Floor(math.Log10(n))-1)
	digits := fmt.Sprintf("%.0f", math.Ceil(n/unit)*unit)
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), apart)
}
