"""Configure the documentation site: Sphinx with MyST and furo."""

project = "run-milestone"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "run-milestone"
html_static_path = ["_static"]
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 4
myst_links_external_new_tab = False
nitpicky = True
