"""Turn what people have into documents: files, folders, backups of each tool, builds, git revisions, lists."""
