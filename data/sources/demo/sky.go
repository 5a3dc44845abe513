package demo

import (
	"math"
	"math/rand/v2"
	"time"
)

// drawWeather draws a weather for each day; it tends to stay as it was.
func (t *Territory) drawWeather(r *rand.Rand) []string {
	var days []string
	today := "normal"
	for day := t.From; day.Before(t.To); day = day.AddDate(0, 0, 1) {
		if r.Float64() > 0.45 {
			cold := 0.5 + 0.5*math.Cos(float64(day.YearDay()-15)/365*2*math.Pi) // 1 in mid-January, 0 in mid-July
			today = choose(r, option{"normal", 60}, option{"light_rain", 12 + 10*cold}, option{"heavy_rain", 5}, option{"overcast", 12},
				option{"fog_smoke", 3 * cold}, option{"snow_hail", 1.5 * cold * cold}, option{"strong_wind", 3}, option{"dazzling", 3})
		}
		days = append(days, today)
	}
	return days
}

func (t *Territory) weatherOf(at time.Time) string {
	day := int(at.Sub(t.From).Hours()+1) / 24 // an hour more, for the days after the clocks went forward
	return t.weather[min(max(day, 0), len(t.weather)-1)]
}

// lightOf tells the light from the sun's height over the middle of the territory: by day, in civil twilight, or at night.
func lightOf(at time.Time, builtUp bool) string {
	switch height := sunHeight(at, centreLon, centreLat); {
	case height > -0.83:
		return "daylight"
	case height > -6:
		return "twilight"
	case builtUp:
		return "night_lit"
	}
	return "night_unlit"
}

// sunHeight returns the height of the sun's centre over the horizon in degrees, without refraction, to about half a
// degree: declination and equation of time by their first harmonics.
func sunHeight(at time.Time, lon, lat float64) float64 {
	utc := at.UTC()
	hours := float64(utc.Hour()) + float64(utc.Minute())/60
	year := 2 * math.Pi / 365.2422 * (float64(utc.YearDay()-1) + hours/24)
	declination := 0.006918 - 0.399912*math.Cos(year) + 0.070257*math.Sin(year) - 0.006758*math.Cos(2*year) + 0.000907*math.Sin(2*year)
	minutes := 229.18 * (0.000075 + 0.001868*math.Cos(year) - 0.032077*math.Sin(year) - 0.014615*math.Cos(2*year) - 0.040849*math.Sin(2*year))
	angle := (hours-12)*math.Pi/12 + (lon+minutes/4)*math.Pi/180
	phi := lat * math.Pi / 180
	return math.Asin(math.Sin(phi)*math.Sin(declination)+math.Cos(phi)*math.Cos(declination)*math.Cos(angle)) * 180 / math.Pi
}
