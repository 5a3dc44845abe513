package geojson

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"vigie/geoengine"
)

// EPSG reads the crs member that GeoJSON had until 2016 and that GDAL still writes; 0 is longitude, latitude. ErrInvalid
// names one that is not an EPSG code.
func (f Feature) EPSG() (int, error) {
	if len(f.CRS) == 0 {
		return 0, nil
	}
	var crs struct {
		Properties struct {
			Name string `json:"name"`
		} `json:"properties"`
	}
	if err := json.Unmarshal(f.CRS, &crs); err != nil {
		return 0, fmt.Errorf("read %s: crs: %w: %w", f.At.File, err, geoengine.ErrInvalid)
	}
	name := crs.Properties.Name
	code, err := strconv.Atoi(name[strings.LastIndexByte(name, ':')+1:])
	switch {
	case name == "" || strings.HasSuffix(name, ":CRS84") || err == nil && code == 4326:
		return 0, nil
	case err != nil || !strings.Contains(name, "EPSG") || code <= 0 || code > 1<<20:
		return 0, fmt.Errorf("read %s: crs %.80q is not an EPSG code: %w", f.At.File, name, geoengine.ErrInvalid)
	}
	return code, nil
}
