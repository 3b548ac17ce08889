"""Turn findings, verdicts and builds into what a person or a program reads. Pure: strings in, strings out."""
