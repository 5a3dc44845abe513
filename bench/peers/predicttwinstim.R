# Peer of predict/hotspot: twinstim of the R package surveillance (Meyer, Elias & Höhle 2012), an endemic-epidemic point
# process. Reads on stdin {"x", "y": km, "t": days, "side": km, "until": day, "horizon": days, "cx", "cy": km, "area": km2}
# and writes the expected number in each cell and the seconds of processor time of the fit and of the forecast.
suppressMessages({library(surveillance); library(jsonlite); library(sp)})
task <- fromJSON(file("stdin"))
n <- 10                                            # tiles a side
size <- task$side / n
square <- function(a) SpatialPolygons(list(Polygons(list(Polygon(cbind(c(0, 0, a, a, 0), c(0, a, a, 0, 0)))), "w")))
tile <- function(x, y) pmin(floor(x / size), n - 1) + n * pmin(floor(y / size), n - 1)
counts <- tabulate(tile(task$x, task$y) + 1, n * n)
density <- (counts + 0.5) / size^2                 # the coarse density of the past stands for the population at risk
sink(stderr())
spent <- function() sum(proc.time()[c("user.self", "sys.self")])
begun <- spent()
step <- 30
starts <- seq(0, task$until - 1, by = step)
grid <- expand.grid(tile = as.character(seq_len(n * n) - 1), start = starts)
grid$stop <- pmin(grid$start + step, task$until)
grid$area <- size^2
grid$density <- density[as.integer(as.character(grid$tile)) + 1]
points <- SpatialPointsDataFrame(cbind(task$x, task$y), data.frame(
  time = task$t, tile = as.character(tile(task$x, task$y)), eps.t = 30, eps.s = 0.5, type = "theft"))
data <- as.epidataCS(events = points, stgrid = grid, W = square(task$side), verbose = FALSE)
fit <- twinstim(endemic = ~ offset(log(density)) + I(start / 365), epidemic = ~ 1, siaf = siaf.gaussian(1), tiaf = tiaf.exponential(),
  data = data, start = c("e.(Intercept)" = -4, "e.siaf.1" = log(0.15), "e.tiaf.1" = 0.1),
  optim.args = list(control = list(trace = 0)), verbose = FALSE)
b <- coef(fit)
learnt <- spent() - begun
sigma <- exp(b[["e.siaf.1"]]); alpha <- exp(b[["e.tiaf.1"]])
from <- task$until; to <- from + task$horizon
endemic <- exp(b[["h.(Intercept)"]] + b[["h.I(start/365)"]] * from / 365) * density[tile(task$cx, task$cy) + 1] * task$horizon
late <- which(task$t >= from - 30)
epidemic <- numeric(length(task$cx))
for (j in late) {
  d2 <- (task$cx - task$x[j])^2 + (task$cy - task$y[j])^2
  left <- exp(-alpha * (from - task$t[j])) - exp(-alpha * (min(to, task$t[j] + 30) - task$t[j]))
  epidemic <- epidemic + exp(b[["e.(Intercept)"]]) * exp(-d2 / (2 * sigma^2)) * (d2 <= 0.25) * max(left, 0) / alpha
}
took <- spent() - begun
sink()
cat(toJSON(list(scores = (endemic + epidemic) * task$area, seconds = took, fit = learnt, version = as.character(packageVersion("surveillance")),
  converged = isTRUE(fit$converged)), auto_unbox = TRUE, digits = 8))
