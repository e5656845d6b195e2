"""Maps the repository's folders to import names; everything else is in ``pyproject.toml``."""

from setuptools import find_packages, setup

FOLDERS = {
    "ckanext.shopendata": "ckanext-shopendata/ckanext/shopendata",
    "ckanext.shopendata.harvesters": "harvesters",
    "ckanext.shopendata.theme": "theme",
}

setup(
    package_dir=FOLDERS,
    packages=[
        package
        for name, folder in FOLDERS.items()
        for package in [name, *(f"{name}.{child}" for child in find_packages(folder))]
    ],
    include_package_data=False,
    package_data={
        "": ["*.yaml", "assets/**", "i18n/**", "migration/**", "profiles/*", "public/**", "templates/**"],
    },
)
