package cube

import "vigie/geoengine"

// hourColumn is the local hour of the week of every event, plain for grids, and as bitmaps by hour of the day and
// by weekday for filters, where a set of hours is a few products of weekdays and hours.
type hourColumn struct {
	codes  []uint8
	planes []uint64 // 24 hours, then 7 weekdays; of events whose hour is known; nil if there are none
}

const hourPlanes = 24 + 7

func newHourColumn(values []uint8, order []uint32) hourColumn {
	c := hourColumn{codes: gather[uint8, uint8](make([]uint8, len(order)), values, order)}
	stride := words(len(order))
	for i, hour := range c.codes {
		if hour >= geoengine.HourWeekdayOnly {
			continue
		}
		if c.planes == nil {
			c.planes = make([]uint64, hourPlanes*stride)
		}
		c.planes[int(hour%24)*stride+i>>6] |= 1 << (i & 63)
		c.planes[int(24+hour/24)*stride+i>>6] |= 1 << (i & 63)
	}
	return c
}

func (c *hourColumn) plane(i int) []uint64 {
	stride := len(c.planes) / hourPlanes
	return c.planes[i*stride : (i+1)*stride]
}

func (c *hourColumn) bytes() int { return len(c.codes) + 8*len(c.planes) }

// hourProduct is every given hour of every given weekday.
type hourProduct struct{ weekdays, hours []int }

// hourProducts writes a set of hours as products: weekdays with the same hours go together.
func hourProducts(set geoengine.Hours) (products []hourProduct) {
	at := map[uint32]int{} // hours of the day → index in products
	for weekday := range 7 {
		var mask uint32
		var hours []int
		for hour := range 24 {
			if set.Has(weekday*24 + hour) {
				mask |= 1 << hour
				hours = append(hours, hour)
			}
		}
		if mask == 0 {
			continue
		}
		i, ok := at[mask]
		if !ok {
			i = len(products)
			at[mask] = i
			products = append(products, hourProduct{hours: hours})
		}
		products[i].weekdays = append(products[i].weekdays, weekday)
	}
	return products
}
