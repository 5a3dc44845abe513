package geoengine

import "github.com/uber/h3-go/v4"

// cellAt returns the H3 cell of a longitude, latitude.
func cellAt(lon, lat float64) uint64 {
	c, err := h3.LatLngToCell(h3.NewLatLng(lat, lon), CellResolution)
	if err != nil {
		return 0
	}
	return uint64(c)
}
