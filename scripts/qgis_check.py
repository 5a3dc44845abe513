"""Reads a running Vigie with QGIS, as an analyst's desk does: OGC API Features, vector tiles and WMTS, each with the
client's name and key by HTTP Basic. Counts must agree with the API's own, pictures must show something.
VIGIE_URL, VIGIE_CLIENT and VIGIE_KEY say where and who; the first argument is the picture to write."""
import base64
import json
import os
import shutil
import sys
import tempfile
import traceback
import urllib.parse
import urllib.request

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QGIS_AUTH_DB_DIR_PATH"] = tempfile.mkdtemp(prefix="vigie-qgis-")

from qgis.core import (  # noqa: E402
    Qgis, QgsApplication, QgsAuthMethodConfig, QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsFeatureRequest,
    QgsMapRendererParallelJob, QgsMapSettings, QgsProject, QgsRasterLayer, QgsRectangle, QgsVectorLayer, QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QEventLoop, QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor  # noqa: E402

base, client, key = (os.environ[name] for name in ("VIGIE_URL", "VIGIE_CLIENT", "VIGIE_KEY"))
picture = sys.argv[1]
failures = []


def ask(path):
    """The API's own answer, as JSON."""
    request = urllib.request.Request(base + path, headers={
        "Authorization": "Basic " + base64.b64encode(f"{client}:{key}".encode()).decode(), "Accept": "application/json, application/geo+json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def count(path):
    """The number of features of a list, page by page."""
    found = 0
    while path:
        page = ask(path)
        found += len(page["features"])
        path = next((link["href"][len(base):] for link in page["links"] if link["rel"] == "next"), None)
    return found


def check(ok, what):
    print(("ok    " if ok else "FAIL  ") + what, flush=True)
    if not ok:
        failures.append(what)


def log_in():
    """An authentication configuration of QGIS; returns its id."""
    manager = QgsApplication.authManager()
    manager.setMasterPassword("of this run", True)
    config = QgsAuthMethodConfig("Basic")
    config.setName("vigie")
    config.setConfig("username", client)
    config.setConfig("password", key)
    stored = manager.storeAuthenticationConfig(config)
    stored = stored[0] if isinstance(stored, tuple) else stored
    check(bool(stored) and bool(config.id()), "QGIS keeps the client's name and key")
    return config.id()


def draw(layers, box, path=None):
    """Draws layers over a box of EPSG:3857; returns the image."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(800, 800))
    settings.setExtent(box)
    job = QgsMapRendererParallelJob(settings)
    wait = QEventLoop()
    job.finished.connect(wait.quit)
    job.start()
    wait.exec_()
    for error in job.errors():
        failures.append(error.message)
    image = job.renderedImage()
    if path:
        image.save(path)
    return image


def inked(image):
    """The number of pixels that are not white, and of colours, on every fourth row and column."""
    found, colours = 0, set()
    for y in range(0, image.height(), 4):
        for x in range(0, image.width(), 4):
            colour = image.pixelColor(x, y).name()
            if colour != "#ffffff":
                found += 1
                colours.add(colour)
    return found, len(colours)


def main():
    print("QGIS", Qgis.QGIS_VERSION)
    auth = log_in()
    extent = ask("/ogc/collections/events")["extent"]["spatial"]["bbox"][0]
    middle = [(extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2]
    crs84, mercator = QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem("EPSG:3857")
    shown = QgsCoordinateTransform(crs84, mercator, QgsProject.instance()).transformBoundingBox(QgsRectangle(*extent))

    # OGC API Features.
    events = QgsVectorLayer(f"url='{base}/ogc' typename='events' authcfg='{auth}' pageSize='1000'", "events", "OAPIF")
    check(events.isValid(), "OGC API Features: the collection events")
    names = [field.name() for field in events.fields()]
    check("category" in names and "severity" in names, "its fields: " + ", ".join(names))
    half = 0.05 * min(extent[2] - extent[0], extent[3] - extent[1])
    box = [middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half]
    text = ",".join(f"{v:.6f}" for v in box)
    for name, expression in (("all", ""), ("fatal", "\"severity\" = 'fatal'"), ("injury or worse", "\"severity\" in ('slight', 'serious', 'fatal')")):
        filters = {"all": "", "fatal": "&severity=fatal", "injury or worse": "&filter=" + urllib.parse.quote("severity IN ('slight','serious','fatal')")}[name]
        want = count(f"/ogc/collections/events/items?limit=5000&bbox={text}{filters}")
        request = QgsFeatureRequest(QgsRectangle(*[float(v) for v in text.split(",")]))
        if expression:
            request.setFilterExpression(expression)
        got = sum(1 for _ in events.getFeatures(request))
        check(got == want and (want > 0 or name != "all"), f"events in a box, {name}: QGIS {got}, the API {want}")
    areas = QgsVectorLayer(f"url='{base}/ogc' typename='areas' authcfg='{auth}' pageSize='1000'", "areas", "OAPIF")
    want = count("/ogc/collections/areas/items?limit=500")
    got = sum(1 for _ in areas.getFeatures())
    check(areas.isValid() and got == want > 0, f"areas: QGIS {got}, the API {want}")

    # Vector tiles.
    tiles = QgsVectorTileLayer(
        f"type=xyz&url={base}/ogc/collections/hexagons/tiles/WebMercatorQuad/%7Bz%7D/%7By%7D/%7Bx%7D&zmin=0&zmax=16&authcfg={auth}", "hexagons")
    check(tiles.isValid(), "vector tiles: the layer")
    ink, colours = inked(draw([tiles], shown))
    check(ink > 1000, f"vector tiles: {ink} of 40000 sampled pixels drawn")

    # WMTS.
    for layer, style, least in (("hexagons", "day", 3), ("hexagons", "night", 3), ("areas", "day", 1)):
        source = (f"url={urllib.parse.quote(base + '/ogc/wmts?SERVICE=WMTS&REQUEST=GetCapabilities', safe='')}&layers={layer}&styles={style}"
                  f"&format=image/png&tileMatrixSet=WebMercatorQuad&crs=EPSG:3857&authcfg={auth}")
        raster = QgsRasterLayer(source, layer, "wms")
        check(raster.isValid(), f"WMTS: the layer {layer}, {style}")
        ink, colours = inked(draw([raster], shown))
        check(ink > 300 and colours >= least, f"WMTS {layer} {style}: {ink} sampled pixels in {colours} colours")

    ground = QgsRasterLayer(source.replace("layers=areas", "layers=hexagons"), "hexagons", "wms")
    image = draw([areas_lines(areas), ground], shown, picture)
    ink, colours = inked(image)
    check(ink > 1000 and colours >= 3, f"{picture}: {ink} sampled pixels in {colours} colours")


def areas_lines(areas):
    """Areas as outlines over what lies below."""
    from qgis.core import QgsFillSymbol, QgsSingleSymbolRenderer
    symbol = QgsFillSymbol.createSimple({"style": "no", "outline_color": "#3b3a36", "outline_width": "0.3"})
    areas.setRenderer(QgsSingleSymbolRenderer(symbol))
    return areas


application = QgsApplication([], False)
application.initQgis()
try:
    main()
except Exception:
    traceback.print_exc()
    failures.append("the check itself")
print(f"{len(failures)} failed" + "".join("\n  " + what for what in failures), flush=True)
sys.stderr.flush()
shutil.rmtree(os.environ["QGIS_AUTH_DB_DIR_PATH"], ignore_errors=True)
os._exit(1 if failures else 0)  # QGIS 3.22 may crash when it is taken down
