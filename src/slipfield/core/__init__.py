"""What every room uses: errors, files, study sections, kinds of study, progress, launching."""
