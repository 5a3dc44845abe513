package csv

import (
	"fmt"
	"slices"

	"vigie/geoengine"
)

// checkValue compiles a value; allowed refuses results that are known beforehand and cannot be stored.
func (m *Mapping) checkValue(key string, v *Value, allowed func(string) error) (err error) {
	if err := m.checkValueWords(key, v); err != nil {
		return err
	}
	if err := m.checkConditions(key+".when", v.When); err != nil {
		return err
	}
	if v.extract, err = m.pattern(key+".extract", v.Extract); err != nil {
		return err
	}
	v.table = make(map[string]string, len(v.Table))
	for from, to := range v.Table {
		if other, twice := v.table[comparable(from)]; twice && other != to {
			return m.errorAt(key+".table", "%q is there twice, as %q and %q: case and zeros around a number do not count", from, other, to)
		}
		v.table[comparable(from)] = to
	}
	v.empty = make(map[string]bool, len(v.Empty))
	for _, text := range v.Empty {
		v.empty[comparable(text)] = true
	}
	for i := range v.Match {
		if v.Match[i].like, err = m.pattern(fmt.Sprintf("%s.match[%d].like", key, i), v.Match[i].Like); err != nil {
			return err
		}
	}
	for _, result := range v.results() {
		if err := allowed(result); err != nil {
			return m.errorAt(key, "gives %v", err)
		}
	}
	return nil
}

// checkValueWords refuses keys that exclude one another.
func (m *Mapping) checkValueWords(key string, v *Value) error {
	translated := v.Table != nil || v.Match != nil || v.Number != nil || v.Extract != "" || v.Default != ""
	switch {
	case (v.Constant == "") == (v.Column == ""):
		return m.errorAt(key, "give either constant or column")
	case v.Constant != "" && translated:
		return m.errorAt(key, "a constant takes nothing else")
	case v.Number != nil && (v.Slug || v.Keep):
		return m.errorAt(key, "number, slug and keep exclude one another")
	case v.Number != nil && (v.Number.Decimals < 0 || v.Number.Decimals > 9 || !finite(v.Number.Factor)):
		return m.errorAt(key+".number", "decimals must be 0 to 9 and factor finite")
	}
	for i := range v.Match {
		if v.Match[i].Like == "" {
			return m.errorAt(fmt.Sprintf("%s.match[%d]", key, i), "needs like and gives")
		}
	}
	return nil
}

// results are the values that are known beforehand.
func (v *Value) results() []string {
	results := []string{v.Constant, v.Default}
	for _, to := range v.Table {
		results = append(results, prefixed(v.Prefix, to))
	}
	for _, rule := range v.Match {
		results = append(results, prefixed(v.Prefix, rule.Gives))
	}
	return slices.DeleteFunc(results, func(s string) bool { return s == "" })
}

func prefixed(prefix, value string) string {
	if value == "" {
		return ""
	}
	return prefix + value
}

// checkFacts compiles each of the values.
func (m *Mapping) checkFacts(key string, facts Facts, allowed func(string) error) error {
	for i := range facts {
		name := key
		if len(facts) > 1 {
			name = fmt.Sprintf("%s[%d]", key, i)
		}
		if err := m.checkValue(name, &facts[i], allowed); err != nil {
			return err
		}
	}
	return nil
}

func (m *Mapping) checkCategory() error {
	if len(m.Category) == 0 {
		return m.errorAt("category", "is missing, such as {constant: road.accident}")
	}
	return m.checkFacts("category", m.Category, func(s string) error {
		if !geoengine.ValidSlug(s) {
			return fmt.Errorf("%q, which is no dotted slug such as road.accident", s)
		}
		return nil
	})
}

func (m *Mapping) checkSeverity() error {
	return m.checkFacts("severity", m.Severity, func(s string) error {
		if _, err := geoengine.ParseSeverity(s); err != nil {
			return fmt.Errorf("%q, which is none of %v", s, geoengine.SeverityNames)
		}
		return nil
	})
}

func (m *Mapping) checkWeight() error {
	w := m.Weight
	if w == nil {
		return nil
	}
	if !finite(w.Constant) || w.Constant < 0 {
		return m.errorAt("weight.constant", "%v must be at least 0", w.Constant)
	}
	for column, factor := range w.Sum {
		if !finite(factor) || factor < 0 {
			return m.errorAt("weight.sum."+column, "%v must be at least 0", factor)
		}
	}
	return nil
}

func (m *Mapping) checkAttributes() error {
	for key, facts := range m.Attributes {
		if !attributeKey(key) {
			return m.errorAt("attributes", "%q must be a slug: a–z, 0–9 and _", key)
		}
		if len(facts) == 0 {
			return m.errorAt("attributes."+key, "says nothing")
		}
		if err := m.checkFacts("attributes."+key, facts, func(string) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}
