package order

import (
	"fmt"
	"io"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"vigie/modules/checkpoints/plan"
)

// The page: A4 upright, in millimetres.
const (
	pageWidth, pageHeight = 210.0, 297.0
	margin                = 16.0
	textWidth             = pageWidth - 2*margin
	footerAt              = pageHeight - 12
	bottom                = pageHeight - 18
)

// document is an order being written.
type document struct {
	*fpdf.Fpdf
	o *Order
	w *words
}

// PDF writes the order of operations: what is ordered and on which legal basis, the posts by time, instructions, room to
// sign, an overview map, and a sheet with a map for each site. A plan that is not approved is marked as a draft on every
// page. The same order gives the same bytes.
func PDF(w io.Writer, o Order) error {
	if err := o.check(); err != nil {
		return err
	}
	d := newDocument(&o)
	d.AddPage()
	d.head()
	d.table()
	d.instructions()
	d.signature()
	d.overview()
	d.sheets()
	if err := d.Output(w); err != nil {
		return fmt.Errorf("write pdf: %w", err)
	}
	return nil
}

func newDocument(o *Order) *document {
	d := &document{Fpdf: fpdf.New("P", "mm", "A4", ""), o: o, w: o.words()}
	d.SetCreationDate(o.Made.UTC())
	d.SetModificationDate(o.Made.UTC())
	d.SetCatalogSort(true)
	d.AddUTF8FontFromBytes("go", "", goregular.TTF)
	d.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	d.SetTitle(d.w.heading+" – "+o.title(), true)
	d.SetProducer("Vigie", true)
	d.SetLang(map[bool]string{true: "en-GB", false: "fr-FR"}[o.Lang == "en"])
	d.SetMargins(margin, margin, margin)
	d.SetAutoPageBreak(false, 0)
	d.AliasNbPages("{nb}")
	d.SetHeaderFunc(d.mark)
	d.SetFooterFunc(d.foot)
	return d
}

// mark says on every page of a draft that it is no order.
func (d *document) mark() {
	if d.o.Signed() {
		return
	}
	d.SetFont("go", "B", 90)
	d.SetTextColor(236, 226, 214)
	d.TransformBegin()
	d.TransformRotate(50, pageWidth/2, pageHeight/2)
	d.Text(pageWidth/2-d.GetStringWidth(d.w.draft)/2, pageHeight/2+15, d.w.draft)
	d.TransformEnd()
	d.SetTextColor(0, 0, 0)
}

func (d *document) foot() {
	d.SetFont("go", "", 7.5)
	d.SetTextColor(90, 90, 90)
	d.SetXY(margin, footerAt)
	made := d.o.local(d.o.Made)
	left := ""
	if !d.o.Signed() {
		left = d.w.draft + " – "
	}
	left += fmt.Sprintf(d.w.revision, d.o.ID, d.o.Revision)
	if d.o.Hash != "" {
		left += " (" + d.o.Hash[:min(16, len(d.o.Hash))] + ")"
	}
	left += " – " + fmt.Sprintf(d.w.made, made.Format("02/01/2006"), d.w.hour(made))
	d.CellFormat(textWidth*0.78, 4, left, "", 0, "L", false, 0, "")
	d.CellFormat(textWidth*0.22, 4, fmt.Sprintf(d.w.page, d.PageNo()), "", 0, "R", false, 0, "")
	d.SetTextColor(0, 0, 0)
}

// head is what stands above the posts.
func (d *document) head() {
	o, w := d.o, d.w
	d.SetFont("go", "B", 17)
	d.paragraph(7.5, w.heading)
	d.SetFont("go", "", 12)
	d.paragraph(6, o.title())
	if !o.Signed() {
		d.SetFont("go", "B", 9)
		d.SetTextColor(150, 70, 0)
		d.paragraph(4.5, w.draftLong)
		d.SetTextColor(0, 0, 0)
	}
	d.Ln(2)
	from, to := o.period()
	request, approval := &o.Plan.Request, Approval{}
	if o.Approval != nil {
		approval = *o.Approval
	}
	d.field(w.reference, orElse(orElse(approval.Reference, request.Reference), w.toFill))
	d.field(w.authority, orElse(approval.Authority, w.toFill))
	d.field(w.territory, strings.Join(o.Areas, ", "))
	if len(o.Plan.Posts) > 0 {
		d.field(w.period, fmt.Sprintf(w.on, w.day(from), w.hour(from), w.day(to), w.hour(to)))
	}
	d.field(w.purposeTitle, orElse(approval.Purpose, w.purposes[request.Kind]))
	d.field(w.basisTitle, orElse(w.bases[request.Basis], string(request.Basis)))
	d.Ln(2)
}

func orElse(text, other string) string {
	if strings.TrimSpace(text) == "" {
		return other
	}
	return text
}

// field is a line of the head: what, then what it is.
func (d *document) field(name, text string) {
	const label = 32.0
	d.SetFont("go", "", 9.5)
	lines := d.SplitText(text, textWidth-label)
	d.need(float64(len(lines)) * 4.6)
	y := d.GetY()
	d.SetFont("go", "B", 9.5)
	d.SetXY(margin, y)
	d.CellFormat(label, 4.6, name, "", 0, "L", false, 0, "")
	d.SetFont("go", "", 9.5)
	for i, line := range lines {
		d.SetXY(margin+label, y+float64(i)*4.6)
		d.CellFormat(textWidth-label, 4.6, line, "", 0, "L", false, 0, "")
	}
	d.SetXY(margin, y+float64(max(1, len(lines)))*4.6+0.8)
}

// paragraph writes text over the whole width.
func (d *document) paragraph(height float64, text string) {
	for _, line := range d.SplitText(text, textWidth) {
		d.need(height)
		d.CellFormat(textWidth, height, line, "", 1, "L", false, 0, "")
	}
}

// need begins a new page if there is less room than that.
func (d *document) need(height float64) bool {
	if d.GetY()+height <= bottom {
		return false
	}
	size, _ := d.GetFontSize()
	d.AddPage()
	d.SetFont("go", "", size)
	d.SetXY(margin, margin)
	return true
}

// heading begins a part.
func (d *document) heading(text string) {
	d.need(16)
	d.Ln(2)
	d.SetFont("go", "B", 11.5)
	d.CellFormat(textWidth, 6, text, "B", 1, "L", false, 0, "")
	d.Ln(1)
}

// column of the table of posts.
type column struct {
	title string
	width float64
	align string
}

func (d *document) columns() []column {
	return []column{
		{d.w.when, 27, "L"}, {d.w.crewTitle, 55, "L"}, {d.w.siteTitle, 66, "L"}, {d.w.travel, 15, "R"}, {d.w.held, 15, "R"},
	}
}

// table lists the posts by time, with a line for each new day.
func (d *document) table() {
	d.heading(d.w.postsTitle)
	columns := d.columns()
	d.tableHead(columns)
	day := ""
	for i := range d.o.Plan.Posts {
		post := &d.o.Plan.Posts[i]
		if now := d.w.day(d.o.local(post.Slot)); now != day {
			day = now
			d.dayLine(columns, day)
		}
		d.row(columns, post, day)
	}
	d.Ln(1)
}

func (d *document) tableHead(columns []column) {
	d.SetFont("go", "B", 8.5)
	d.SetFillColor(228, 232, 240)
	for _, c := range columns {
		d.CellFormat(c.width, 5.4, c.title, "", 0, c.align, true, 0, "")
	}
	d.Ln(5.4)
}

func (d *document) dayLine(columns []column, day string) {
	if d.need(12) {
		d.tableHead(columns)
	}
	d.SetFont("go", "B", 9)
	d.CellFormat(textWidth, 5.6, day, "", 1, "L", false, 0, "")
}

// row is one post; long names take several lines.
func (d *document) row(columns []column, post *plan.Post, day string) {
	const height = 4.2
	w, site := d.w, d.o.site(post)
	place := site.Name
	if site.Status == plan.Reconnoitre {
		place += " (" + w.toReconnoitre + ")"
	}
	d.SetFont("go", "", 8.5)
	cells := [][]string{
		{w.hour(d.o.local(post.Arrive)) + " – " + w.hour(d.o.local(post.Leave))},
		d.SplitText(d.o.crew(post), columns[1].width-2), d.SplitText(place, columns[2].width-2),
		{minutes(post.TravelSeconds/60, w)}, {minutes(post.HeldMinutes, w)},
	}
	lines := 1
	for _, cell := range cells {
		lines = max(lines, len(cell))
	}
	if d.need(float64(lines)*height + 1.4) {
		d.tableHead(columns)
		d.dayLine(columns, day)
		d.SetFont("go", "", 8.5)
	}
	x, y := margin, d.GetY()
	for i, c := range columns {
		for j, line := range cells[i] {
			d.SetXY(x, y+float64(j)*height)
			d.CellFormat(c.width, height, line, "", 0, c.align, false, 0, "")
		}
		x += c.width
	}
	y += float64(lines)*height + 1.4
	d.SetDrawColor(200, 204, 212)
	d.Line(margin, y-0.8, margin+textWidth, y-0.8)
	d.SetXY(margin, y)
}

func minutes(n int, w *words) string { return fmt.Sprintf("%d %s", n, w.minutes) }

// instructions are the standing ones and those of this order.
func (d *document) instructions() {
	d.heading(d.w.safetyTitle)
	for _, text := range d.w.safety {
		d.bullet(text)
	}
	if d.o.Approval != nil && strings.TrimSpace(d.o.Approval.Instructions) != "" {
		d.heading(d.w.instructionsTitle)
		for line := range strings.SplitSeq(d.o.Approval.Instructions, "\n") {
			d.SetFont("go", "", 9)
			d.paragraph(4.4, strings.TrimRight(line, "\r "))
		}
	}
	d.Ln(1)
	d.SetFont("go", "", 8.5)
	d.paragraph(4.2, d.w.reports)
}

func (d *document) bullet(text string) {
	d.SetFont("go", "", 9)
	for i, line := range d.SplitText(text, textWidth-5) {
		d.need(4.4)
		d.CellFormat(5, 4.4, map[bool]string{true: "–"}[i == 0], "", 0, "L", false, 0, "")
		d.CellFormat(textWidth-5, 4.4, line, "", 1, "L", false, 0, "")
	}
	d.Ln(0.6)
}

// signature is room to sign, with who approved the plan in Vigie.
func (d *document) signature() {
	const height = 30.0
	d.need(height + 8)
	d.Ln(3)
	d.SetFont("go", "", 9)
	if d.o.Signed() {
		at := d.o.local(d.o.Approval.At)
		d.paragraph(4.6, fmt.Sprintf(d.w.signedBy, d.o.Approval.By, d.w.day(at), d.w.hour(at)))
	}
	y := d.GetY() + 1
	d.SetDrawColor(120, 120, 120)
	d.Rect(margin, y, textWidth, height-4, "D")
	d.SetXY(margin+2, y+1.5)
	d.CellFormat(textWidth-4, 4.6, d.w.signature, "", 1, "L", false, 0, "")
	d.SetXY(margin, y+height)
}
