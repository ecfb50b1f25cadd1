"""DICOM, NIfTI and what else ITK reads: values, units and spacing are those that the files state."""

import warnings
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    generate_uid,
)

from scribbleprompt_widget.image import Image
from tests.pictures import ramp

DICOM_DATA = Path(pydicom.__file__).parent / "data" / "test_files"
NIFTI_4D = Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"


def write_dicom(path, frames, photometric="MONOCHROME2", sop_class=CTImageStorage, stored=16, **attributes):
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = sop_class
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = generate_uid()
    header.Rows, header.Columns = frames.shape[-2:]
    if frames.ndim == 3:
        header.NumberOfFrames = len(frames)
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, photometric
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, stored, stored - 1
    header.PixelRepresentation = 0
    for name, value in attributes.items():
        setattr(header, name, value)
    header.PixelData = frames.astype("<u2").tobytes()
    header.save_as(path, enforce_file_format=True)
    return path


# DICOM


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "examples_rgb_color.dcm"]
)
def test_dicom_pixels_are_those_of_pydicom_after_its_rescale(name, tmp_path):
    header = pydicom.dcmread(DICOM_DATA / name)
    without_suffix = tmp_path / "IM0001"
    without_suffix.write_bytes((DICOM_DATA / name).read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's own, about old files
        expected = apply_modality_lut(header.pixel_array, header)
    for path in (DICOM_DATA / name, without_suffix):
        image = Image.of(path)
        np.testing.assert_array_equal(image.pixels, expected)
        assert image.spacing == (pytest.approx(header.PixelSpacing) if "PixelSpacing" in header else None)
    assert Image.of(path, slice_index=0).geometry.slice_index == 0


def test_dicom_rescale_to_fractions(tmp_path):
    stored = ramp((3, 4), "u2")
    path = write_dicom(tmp_path / "a.dcm", stored, RescaleSlope="0.5", RescaleIntercept="-3.25")
    np.testing.assert_array_equal(Image.of(path).pixels, stored * 0.5 - 3.25)


CT = {"Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "RescaleSlope": "1", "RescaleIntercept": "-1024"}


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        (CT, "HU"),
        ({**CT, "RescaleType": "HU"}, "HU"),
        ({**CT, "RescaleType": "US"}, None),  # unspecified
        ({**CT, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, None),
        ({**CT, "Modality": "MR"}, None),
        ({**CT, "photometric": "MONOCHROME1"}, None),
        ({"Modality": "CT"}, None),  # no rescale: who knows
    ],
)
def test_hounsfield_units_are_known_where_a_ct_file_states_them(tmp_path, attributes, unit):
    path = write_dicom(tmp_path / "a.dcm", ramp((2, 3, 4), "u2"), **attributes)
    assert Image.of(path, slice_index=1).unit == unit


def test_units_of_a_folder_and_of_what_has_none(tmp_path):
    (tmp_path / "one.dcm").write_bytes((DICOM_DATA / "CT_small.dcm").read_bytes())
    assert Image.of(tmp_path).unit == "HU"
    assert Image.of(DICOM_DATA / "MR_small.dcm").unit is None
    assert Image.of(ramp((3, 4))).unit is None
    assert Image.of(Image.of(tmp_path), spacing=2).unit == "HU"


@pytest.mark.parametrize("stored_bits", [12, 16])
@pytest.mark.parametrize("frames", [1, 2])
def test_monochrome1_is_turned_so_that_bright_is_bright(tmp_path, stored_bits, frames):
    stored = ramp((frames, 3, 4), "u2")
    path = write_dicom(tmp_path / "a.dcm", stored, "MONOCHROME1", stored=stored_bits)
    np.testing.assert_array_equal(Image.of(path, slice_index=0).pixels, 2**stored_bits - 1 - stored[0])


def test_dicom_of_many_frames_is_a_volume(tmp_path):
    frames = ramp((5, 3, 4), "u2")
    path = write_dicom(
        tmp_path / "a.dcm",
        frames,
        sop_class=MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        PixelSpacing=[2.0, 3.0],
    )
    with pytest.raises(ValueError, match=r"\(5, 3, 4\).*slice_index"):
        Image.of(path)
    image = Image.of(path, slice_index=3)
    np.testing.assert_array_equal(image.pixels, frames[3])
    assert image.spacing == (2.0, 3.0)
    in_color = Image.of(DICOM_DATA / "examples_ybr_color.dcm", slice_index=29)
    assert in_color.pixels.shape == (240, 320, 3)


@pytest.mark.parametrize(
    ("sop_class", "attributes", "spacing"),
    [
        (CTImageStorage, {"PixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        (CTImageStorage, {"PixelSpacing": [1.0, 1.0]}, (1.0, 1.0)),
        (CTImageStorage, {"PixelSpacing": [0.0, 0.0]}, None),
        (CTImageStorage, {}, None),
        (ComputedRadiographyImageStorage, {"PixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        (ComputedRadiographyImageStorage, {"ImagerPixelSpacing": [0.4, 0.5]}, (0.4, 0.5)),
        (
            ComputedRadiographyImageStorage,
            {"PixelSpacing": [0.2, 0.3], "ImagerPixelSpacing": [0.4, 0.5]},
            (0.2, 0.3),
        ),
        (ComputedRadiographyImageStorage, {}, None),
    ],
)
def test_dicom_spacing_is_rows_then_columns_and_never_invented(tmp_path, sop_class, attributes, spacing):
    path = write_dicom(tmp_path / "a.dcm", ramp((3, 4)), sop_class=sop_class, **attributes)
    assert Image.of(path).spacing == (None if spacing is None else pytest.approx(spacing))
    assert Image.of(path, spacing=7).spacing == (7.0, 7.0)


def write_series(folder, volume, series):
    folder.mkdir(exist_ok=True)
    for z, plane in enumerate(volume):
        write_dicom(
            folder / f"{series}.{len(volume) - z}",  # names in the wrong order: the positions tell the right one
            plane,
            SeriesInstanceUID=f"1.2.{series}",
            StudyInstanceUID="1.2",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[5, 6, 10 + 2.5 * z],
            PixelSpacing=[0.5, 0.75],
            RescaleSlope="1",
            RescaleIntercept="-10",
        )


def test_a_folder_with_one_dicom_series_is_a_volume(tmp_path):
    volume = ramp((4, 5, 6), "u2")
    write_series(tmp_path, volume, 1)
    image = Image.of(tmp_path, slice_index=1)
    np.testing.assert_array_equal(image.pixels, volume[1].astype(int) - 10)
    assert image.spacing == (0.5, 0.75)
    assert image.source == str(tmp_path)
    side = Image.of(tmp_path, slice_index=-1, axis=2)
    np.testing.assert_array_equal(side.pixels, volume[:, :, -1].astype(int) - 10)
    assert side.spacing == (2.5, 0.5)
    assert (side.geometry.axis, side.geometry.slice_index) == (2, 5)
    write_series(tmp_path, volume, 2)
    with pytest.raises(ValueError, match=r"holds 2 series \(1\.2\.1.*1\.2\.2"):
        Image.of(tmp_path, slice_index=1)


def test_a_folder_with_one_dicom_file(tmp_path):
    write_series(tmp_path / "one", ramp((1, 5, 6)), 1)
    assert Image.of(tmp_path / "one").shape == (5, 6)


def test_dicom_that_itk_reads_wrong_or_not_at_all_is_refused(tmp_path):
    path = write_dicom(tmp_path / "a.dcm", ramp((3, 4), "u2"), "MONOCHROME1", stored=12, PixelRepresentation=1)
    with pytest.raises(ValueError, match=r"a\.dcm' cannot be read as DICOM: ITK does not read MONOCHROME1 of 12 bits"):
        Image.of(path)
    for name in ("SC_rgb_rle_16bit.dcm", "SC_rgb_rle_32bit.dcm"):
        with pytest.raises(ValueError, match="ITK mixes up run-length encoded colour of more than 8 bits; convert"):
            Image.of(DICOM_DATA / name)
    expected = pydicom.dcmread(DICOM_DATA / "SC_rgb_rle.dcm").pixel_array
    np.testing.assert_array_equal(Image.of(DICOM_DATA / "SC_rgb_rle.dcm").pixels, expected)


def test_dicom_without_pixels_is_named():
    with pytest.raises(ValueError, match=r"image: '.*rtstruct\.dcm' cannot be read as DICOM") as caught:
        Image.of(DICOM_DATA / "rtstruct.dcm")
    assert "0x" not in str(caught.value)  # no addresses, which ITK likes to tell


# NIfTI, NRRD, MHA


@pytest.fixture(scope="module")
def functional(tmp_path_factory):
    """One volume of nibabel's oblique four-dimensional example, on disk."""
    volume = nibabel.load(NIFTI_4D).slicer[..., 0]
    path = tmp_path_factory.mktemp("nifti") / "functional.nii.gz"
    nibabel.save(volume, path)
    return path


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_slice_of_nifti_is_in_z_y_x_order(functional, axis):
    stored = nibabel.load(functional)
    values = stored.get_fdata().T
    image = Image.of(functional, slice_index=11, axis=axis)
    np.testing.assert_array_equal(image.pixels, values.take(11, axis))
    assert image.spacing == pytest.approx(np.delete(stored.header.get_zooms()[::-1], axis))
    assert image.geometry.size == stored.shape


def test_nifti_without_a_slice_or_with_time(functional):
    with pytest.raises(ValueError, match=r"volume of shape \(24, 96, 128\).*slice_index"):
        Image.of(functional)
    with pytest.raises(ValueError, match=r"image: .*4-D, of shape \(2, 24, 96, 128\)"):
        Image.of(NIFTI_4D, slice_index=0)


@pytest.mark.parametrize("shape", [(7, 5, 1), (1, 7, 5), (7, 1, 5), (7, 5), (7, 5, 1, 1)])
def test_nifti_of_a_single_slice_needs_no_index(tmp_path, shape):
    values = ramp(shape, "i2")
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 3.0, 4.0, 1.0])), tmp_path / "a.nii")
    np.testing.assert_array_equal(Image.of(tmp_path / "a.nii").pixels, values.squeeze().T)


def test_a_narrow_volume_in_a_file_is_not_taken_for_colour(tmp_path):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ramp((6, 5, 3))), str(tmp_path / "a.nrrd"))
    with pytest.raises(ValueError, match=r"volume of shape \(6, 5, 3\)"):
        Image.of(tmp_path / "a.nrrd")
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(ramp((3, 5, 6))), str(tmp_path / "b.nrrd"))
    with pytest.raises(ValueError, match=r"volume of shape \(3, 5, 6\)") as caught:
        Image.of(tmp_path / "b.nrrd")
    assert "colour" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["nrrd", "mha", "mhd", "nii"])
@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "f4", "f8"])
def test_medical_formats_keep_depth_and_spacing(tmp_path, suffix, dtype):
    picture = SimpleITK.GetImageFromArray(ramp((4, 5), dtype))
    picture.SetSpacing((0.25, 0.5))
    SimpleITK.WriteImage(picture, str(tmp_path / f"a.{suffix}"))
    image = Image.of(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(image.pixels, ramp((4, 5), dtype))
    assert image.pixels.dtype == np.dtype(dtype)
    assert image.spacing == (0.5, 0.25)
    assert (image.geometry.axis, image.geometry.slice_index) == (None, None)


def test_a_simpleitk_image_is_taken_with_its_geometry():
    picture = SimpleITK.GetImageFromArray(ramp((4, 5, 6)))
    picture.SetSpacing((0.25, 0.5, 2.0))
    assert Image.of(picture, slice_index=0).spacing == (0.5, 0.25)
    assert Image.of(picture, slice_index=0, axis=1).spacing == (2.0, 0.25)
    in_color = SimpleITK.GetImageFromArray(ramp((4, 5, 3)), isVector=True)
    assert Image.of(in_color).is_color
    with pytest.raises(ValueError, match="image is a SimpleITK image, but it has 2 values per pixel"):
        Image.of(SimpleITK.GetImageFromArray(np.zeros((4, 5, 2)), isVector=True))


def test_reading_prints_no_warnings_and_leaves_itk_as_it_was(functional, capfd):
    shown = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    Image.of(functional, slice_index=0)
    Image.of(DICOM_DATA / "CT_small.dcm")
    assert SimpleITK.ProcessObject.GetGlobalWarningDisplay() == shown
    assert capfd.readouterr() == ("", "")
