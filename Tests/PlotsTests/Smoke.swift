import Plots
import Testing
