package hex

import "math"

// sines holds the sine and cosine of whole degrees from −180 to 180.
var sines = func() (table [361][2]float64) {
	for i := range table {
		table[i][0], table[i][1] = math.Sincos(float64(i-180) * radian)
	}
	return table
}()

// sincos returns the sine and cosine of an angle within ±180 degrees: of the nearest whole degree from the table, turned
// by the rest, whose series end after three terms. Its error is below 5e-16; see margin.
func sincos(degrees float64) (sin, cos float64) {
	near := int32(degrees + 180.5)
	rest := (degrees - float64(near-180)) * radian
	square := rest * rest
	restSin := rest * (1 - square*(1./6-square*(1./120)))
	restCos := square * (1./2 - square*(1./24-square*(1./720))) // 1 − cosine
	at := &sines[near]
	return at[0] + (at[1]*restSin - at[0]*restCos), at[1] - (at[0]*restSin + at[1]*restCos)
}
